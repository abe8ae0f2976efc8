// A Lambda Runtime API: hands events to a function's process and takes its answers.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
import { randomBytes, randomUUID } from 'node:crypto';
import { listen, readBody } from './http.mjs';

const timeLimit = 120_000;

/** Starts the API. `invoke` resolves with the function's answer and rejects with the error that it reports. */
export const startRuntimeApi = async () => {
  const waiting = []; // invocations that no process has asked for yet
  const running = new Map(); // request id -> invocation
  const idle = []; // processes that wait for an invocation

  const hand = () => {
    while (waiting.length && idle.length) {
      const invocation = waiting.shift();
      running.set(invocation.id, invocation);
      idle
        .shift()
        .writeHead(200, {
          'Content-Type': 'application/json',
          'Lambda-Runtime-Aws-Request-Id': invocation.id,
          'Lambda-Runtime-Deadline-Ms': String(Date.now() + timeLimit),
          'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:000000000000:function:local',
          'Lambda-Runtime-Trace-Id': newTrace(),
        })
        .end(invocation.event);
    }
  };

  const server = await listen(async (request, response) => {
    const [, , , kind, id, outcome] = request.url.split('/');
    if (request.method === 'GET' && kind === 'invocation') {
      idle.push(response);
      response.on('close', () => idle.includes(response) && idle.splice(idle.indexOf(response), 1));
      hand();
      return;
    }

    const body = (await readBody(request)).toString();
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"status":"OK"}');
    if (kind === 'init') {
      waiting.splice(0).forEach((invocation) => invocation.reject(new Error(errorOf(body))));
      return;
    }
    const invocation = running.get(id);
    running.delete(id);
    if (outcome === 'response') invocation?.resolve(body);
    else invocation?.reject(new Error(errorOf(body)));
  });

  return {
    address: `127.0.0.1:${server.port}`,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        waiting.push({ id: randomUUID(), event, resolve, reject });
        hand();
      }),
    stop: server.stop,
  };
};

// Root=1-<seconds, 8 hexadecimal digits>-<24 hexadecimal digits>
const newTrace = () => `Root=1-${Math.floor(Date.now() / 1000).toString(16).padStart(8, '0')}-${randomBytes(12).toString('hex')};Sampled=0`;

// {"errorType": "…", "errorMessage": "…"}
const errorOf = (body) => {
  try {
    const { errorType, errorMessage } = JSON.parse(body);
    return `${errorType}: ${errorMessage}`;
  } catch {
    return body;
  }
};
