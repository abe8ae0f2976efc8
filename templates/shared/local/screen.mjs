// What the local run shows.
const isTerminal = process.stdout.isTTY;
const paint = (code, text) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);
const colors = { error: 31, fatal: 31, warn: 33, debug: 90, trace: 90 };

/** Shows that a step has begun and, once it is done, how long it took. */
export const step = async (name, work) => {
  const started = Date.now();
  if (isTerminal) process.stdout.write(`  ${name} …`);
  const result = await work();
  console.log(`${isTerminal ? '\r' : ''}  ${name.padEnd(16)}${((Date.now() - started) / 1000).toFixed(1)} s`);
  return result;
};

/** Prints a log line: time, service, level, trace, message. */
export const printLine = ({ time, service, level, trace, message }) => {
  const clock = time.toISOString().slice(11, 23);
  console.log(`${paint(90, clock)} ${service.padEnd(14)} ${paint(colors[level] ?? 0, level.padEnd(5))} ${paint(36, trace.padEnd(35))} ${message}`);
};
