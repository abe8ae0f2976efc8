// Does what a CloudWatch Logs subscription does: collects the lines of each service and invokes the forwarder with them.
import { gzipSync } from 'node:zlib';

const wait = 200; // milliseconds
const mostLines = 500;

/** Ships lines through `invoke`. What the forwarder could not deliver goes to `refused`, with the reason. */
export const createLogShipper = (invoke, refused) => {
  const lines = new Map(); // service -> log events
  const open = new Set(); // invocations without an answer
  let timer;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [service, logEvents] of lines) {
      while (logEvents.length) ship(service, logEvents.splice(0, mostLines));
    }
  };

  const ship = (service, logEvents) => {
    const data = {
      messageType: 'DATA_MESSAGE',
      owner: '000000000000',
      logGroup: `/aws/lambda/${service}-local-host`,
      logStream: 'local',
      subscriptionFilters: ['local'],
      logEvents,
    };
    const event = JSON.stringify({ awslogs: { data: gzipSync(JSON.stringify(data)).toString('base64') } });
    const invocation = invoke(event)
      .catch((error) => refused(service, logEvents.map(({ message }) => message), error))
      .finally(() => open.delete(invocation));
    open.add(invocation);
  };

  return {
    add: (service, message) => {
      const logEvents = lines.get(service) ?? [];
      lines.set(service, logEvents);
      logEvents.push({ id: String(Date.now()), timestamp: Date.now(), message });
      timer ??= setTimeout(flush, wait);
    },
    /** Ships what is left and waits for the answers. */
    finish: async () => {
      flush();
      await Promise.all(open);
    },
  };
};
