// The parts of index.html, and what a person sees while something is under way.
import { describe } from './messages';

export const find = <E extends HTMLElement = HTMLElement>(id: string): E => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no element "${id}".`);
  return found as E;
};

/** Makes an element with text and attributes. */
export const make = (name: string, text = '', attributes: Record<string, string> = {}, ...children: Node[]): HTMLElement => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
};

/** Shows one sentence above everything, or takes it away. */
export const notify = (sentence = ''): void => {
  const notice = find('notice');
  notice.textContent = sentence;
  notice.hidden = sentence === '';
};

/** Runs work that a button starts. The button cannot be pressed again until it is done. */
export const whileBusy = async (button: HTMLButtonElement, work: () => Promise<void>): Promise<void> => {
  if (button.getAttribute('aria-busy') === 'true') return;
  // Not disabled: a disabled button would lose the focus.
  button.setAttribute('aria-busy', 'true');
  try {
    await work();
  } finally {
    button.removeAttribute('aria-busy');
  }
};

/** Runs work with a form's values when it is submitted, and says in the form what has failed. */
export const onSubmit = (id: string, work: (values: Record<string, string>) => Promise<void>): void => {
  const form = find<HTMLFormElement>(id);
  const button = form.querySelector<HTMLButtonElement>('button[type=submit]')!;
  const error = form.querySelector<HTMLElement>('.error')!;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void whileBusy(button, async () => {
      error.hidden = true;
      notify();
      try {
        await work(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()])));
        form.reset();
      } catch (failure) {
        error.textContent = describe(failure);
        error.hidden = false;
      }
    });
  });
};

/** Runs work when a button is pressed, and says above everything what has failed. */
export const onPress = (button: HTMLElement, work: () => Promise<void>): void => {
  button.addEventListener('click', () => {
    void whileBusy(button as HTMLButtonElement, async () => {
      notify();
      try {
        await work();
      } catch (failure) {
        notify(describe(failure));
      }
    });
  });
};
