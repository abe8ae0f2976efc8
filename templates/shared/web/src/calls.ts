// Calls of the services. Each is shown with its answer and its trace id; the local run adds the log lines of that trace.
import { addressOf, isLocal } from './configuration';
import { showLines } from './log-lines';
import { Refusal } from './messages';
import { find, make } from './page';
import { accessToken } from './session';

/** Sends a request; null if it must not be sent without a sign-in and there is none. */
export type Send = (address: string, request: RequestInit) => Promise<Response>;

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: object;
  /** For a call that must not happen twice: the service answers the second one with what the first has made. */
  readonly idempotencyKey?: string;
}

const withToken: Send = async (address, request) => {
  const token = await accessToken();
  const headers = new Headers(request.headers);
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  return fetch(address, { ...request, headers });
};

// Root=1-<seconds, 8 hexadecimal digits>-<24 hexadecimal digits>, as AWS writes it.
const newTrace = (): string => {
  const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const seconds = Math.floor(Date.now() / 1000).toString(16).padStart(8, '0');
  return `1-${seconds}-${hex(crypto.getRandomValues(new Uint8Array(12)))}`;
};

/**
 * Calls a route of a service with the caller's token, and shows the call.
 * @returns The body of the answer.
 * @throws {Refusal} The service could not be reached, or has refused the call.
 */
export const call = async <Body = unknown>(service: string, path: string, { method = 'GET', body, idempotencyKey }: Call = {}, send: Send = withToken): Promise<Body> => {
  const trace = newTrace();
  const shown = begin(method, path);
  const started = performance.now();
  let response: Response;
  let text: string;
  try {
    response = await send(addressOf(service, path), {
      method,
      headers: {
        // Chosen here, it is known even if no answer comes.
        'X-Amzn-Trace-Id': `Root=${trace}`,
        ...(body && { 'Content-Type': 'application/json' }),
        ...(idempotencyKey && { 'Idempotency-Key': idempotencyKey }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    const sentence = error instanceof Refusal ? error.message : `There is no answer from ${service}. Check your connection and try again.`;
    shown.end('no answer', started, trace, sentence);
    throw error instanceof Refusal ? error : new Refusal(sentence);
  }

  const answered = /1-[0-9a-f]{8}-[0-9a-f]{24}/.exec(response.headers.get('X-Amzn-Trace-Id') ?? '')?.[0] ?? trace;
  const content = read(text);
  const problem = response.ok ? '' : await explain(response.status, content);
  shown.end(String(response.status), started, answered, problem, content);
  if (problem) throw new Refusal(problem);
  return content as Body;
};

const read = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
};

const explain = async (status: number, content: unknown): Promise<string> => {
  const { code, detail } = (typeof content === 'object' && content !== null ? content : {}) as { code?: string; detail?: string };
  // API Gateway refuses a token without a detail, a host on Kestrel with this code.
  if (status === 401 || (status === 403 && (detail === undefined || code === 'token_denied'))) {
    return (await accessToken()) === undefined
      ? 'You are signed out, so the service has refused the call. Sign in and try again.'
      : 'The service no longer accepts your sign-in: it may have expired. Sign out, sign in and try again.';
  }
  if (status === 429) return 'The service gets too many calls. Wait a few seconds and try again.';
  return detail ?? `The service has answered ${status}. Search the log for the trace id.`;
};

/** Forgets the calls of who was signed in. */
export const clearCalls = (): void => {
  find('calls').replaceChildren();
  find('no-calls').hidden = false;
};

const most = 20; // calls that are shown

const begin = (method: string, path: string) => {
  find('no-calls').hidden = true;
  const state = make('span', '…', { class: 'status', 'aria-label': 'under way' });
  const time = make('span', '', { class: 'time' });
  const details = make('div', '', { class: 'details' });
  const title = make('h3', '', {}, make('span', method, { class: 'method' }), make('span', ` ${path} `, { class: 'path' }), state, time);
  const shown = make('article', '', { class: 'call', 'aria-busy': 'true' }, title, details);
  const calls = find('calls');
  calls.prepend(shown);
  while (calls.children.length > most) calls.lastElementChild!.remove();

  return {
    end: (status: string, started: number, trace: string, problem: string, content?: unknown): void => {
      shown.removeAttribute('aria-busy');
      state.removeAttribute('aria-label');
      state.textContent = status;
      state.classList.add(problem ? 'failed' : 'succeeded');
      time.textContent = ` ${Math.round(performance.now() - started)} ms`;
      if (problem) details.append(make('p', problem, { class: 'error' }));
      const copy = make('button', 'Copy', { type: 'button', class: 'link', 'aria-label': `Copy the trace id ${trace}` });
      copy.addEventListener('click', () => void navigator.clipboard.writeText(trace).then(() => (copy.textContent = 'Copied')));
      details.append(make('p', 'Trace ', { class: 'trace' }, make('code', trace), document.createTextNode(' '), copy));
      if (content !== undefined) details.append(make('pre', typeof content === 'string' ? content : JSON.stringify(content, null, 2), { tabindex: '0', 'aria-label': 'Answer' }));
      if (isLocal) void showLines(trace, details);
    },
  };
};
