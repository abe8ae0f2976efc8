// The local run only: what the services have logged in a trace, as the log forwarder has shipped it.
import { make } from './page';

interface LogLine {
  readonly time: string;
  readonly service: string;
  readonly level: string;
  readonly message: string;
}

const pause = 300; // milliseconds
const patience = 12; // times

/** Shows the lines of a trace as they arrive, below its answer. */
export const showLines = async (trace: string, below: HTMLElement): Promise<void> => {
  const list = make('ol', '', { class: 'lines', 'aria-label': 'Log lines of this trace' });
  for (let time = 0, known = 0; time < patience; time++) {
    await new Promise((over) => setTimeout(over, pause));
    const response = await fetch(`/lines?trace=${trace}`).catch(() => undefined);
    if (!response?.ok) return;
    const lines = (await response.json()) as LogLine[];
    for (const { time: at, service, level, message } of lines.slice(known))
      list.append(make('li', '', { class: level }, make('span', `${at.slice(11, 23)} ${service} ${level} `, { class: 'origin' }), document.createTextNode(message)));
    if (known === 0 && lines.length > 0) below.append(list);
    known = lines.length;
  }
};
