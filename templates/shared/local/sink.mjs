// Stands in for the log platform: takes what the forwarder ships and prints it for a person to read. Of several platforms, which get every
// line each, it prints those of one.
import { gunzipSync } from 'node:zlib';
import { listen, readBody } from './http.mjs';

/** Starts the sink. `print` gets each line as { time, service, level, trace, message }. */
export const startSink = async (print) => {
  let printed; // the platform whose lines are printed: the first that sends any
  const server = await listen(async (request, response) => {
    const body = await readBody(request);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    const entries = [...splitJson(text)].flatMap(unwrap);
    const path = request.url.split('?')[0];
    const platform = `${path} ${request.headers['content-type']}`;
    printed ??= platform;
    if (platform === printed) for (const entry of entries) print(read(entry));
    const { status, content } = answer(path, entries.length);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(content);
  });
  return { address: `http://127.0.0.1:${server.port}/`, stop: server.stop };
};

// What each platform answers when it has all entries; one that is not listed answers 200 without a body.
const answer = (path, count) => {
  if (path.includes('/services/collector')) return { status: 200, content: '{"text":"Success","code":0}' };
  if (path.endsWith('/api/v2/logs')) return { status: 202, content: '{}' };
  if (path.endsWith('/log/v1')) return { status: 202, content: '{"requestId":"local"}' };
  if (path.endsWith('/loki/api/v1/push')) return { status: 204 };
  if (path.endsWith('/v1/logs')) return { status: 200, content: '{"partialSuccess":{}}' };
  if (path.endsWith('/_bulk')) {
    return { status: 200, content: JSON.stringify({ errors: false, items: Array(count).fill({ create: { status: 201 } }) }) };
  }
  return { status: 200, content: '' };
};

// The entries in an object of a body: most platforms' are objects themselves, some stand inside one, with what they have in common.
const unwrap = (object) => {
  if (object.create) return []; // The line before a document.
  if (object.logs) {
    return object.logs.map(({ attributes, ...entry }) => ({ ...object.common.attributes, ...attributes, ...entry }));
  }
  if (object.streams) {
    return object.streams.flatMap(({ stream, values }) =>
      values.map(([time, message, metadata]) => ({ ...stream, ...metadata, timestamp: Number(time) / 1e6, message })),
    );
  }
  if (object.resourceLogs) {
    return object.resourceLogs.flatMap(({ resource, scopeLogs }) =>
      scopeLogs.flatMap(({ logRecords }) =>
        logRecords.map((record) => ({
          ...Object.fromEntries(resource.attributes.map(({ key, value }) => [key, plain(value)])),
          timestamp: Number(record.timeUnixNano) / 1e6,
          level: record.severityText,
          trace_id: record.traceId,
          message: plain(record.body),
        })),
      ),
    );
  }
  return [object];
};

// A value of OTLP.
const plain = ({ kvlistValue, arrayValue, ...scalar }) => {
  if (kvlistValue) return Object.fromEntries(kvlistValue.values.map(({ key, value }) => [key, plain(value)]));
  if (arrayValue) return arrayValue.values.map(plain);
  return Object.values(scalar)[0] ?? null;
};

/** The JSON objects of a body, whether they follow each other directly or stand on lines of their own. */
export function* splitJson(text) {
  let depth = 0;
  let start = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' && depth++ === 0) start = at;
    else if (character === '}' && --depth === 0) yield JSON.parse(text.slice(start, at + 1));
  }
}

// The platforms' names for the same things.
const read = (entry) => {
  const fields = entry.fields ?? entry;
  const content = entry.event ?? entry.log ?? entry.json ?? entry.message;
  return {
    time: new Date(entry.time ? entry.time * 1000 : (entry['@timestamp'] ?? entry.timestamp ?? entry.logged_at)),
    service: fields.service ?? fields['service.name'] ?? '',
    level: fields.level ?? fields['log.level'] ?? '',
    // As in the header X-Amzn-Trace-Id.
    trace: (fields.trace_id ?? fields['trace.id'] ?? '').replace(/^([0-9a-f]{8})([0-9a-f]{24})$/, '1-$1-$2'),
    message: typeof content === 'string' ? describeText(content) : describe(content),
  };
};

// A JSON line comes as text to a platform that reads it itself.
const describeText = (text) => {
  try {
    return text.startsWith('{') ? describe(JSON.parse(text)) : text;
  } catch {
    return text;
  }
};

/** A line as a host writes it. */
export const readLine = (service, line) => {
  try {
    const content = JSON.parse(line);
    const { timestamp, level = '', traceId = '' } = content;
    return { time: new Date(timestamp), service, level: level.toLowerCase(), trace: traceId.match(/1-[0-9a-f]{8}-[0-9a-f]{24}/)?.[0] ?? '', message: describe(content) };
  } catch {
    return { time: new Date(), service, level: '', trace: '', message: line };
  }
};

const describe = ({ message, errorType, errorMessage, ...rest }) => {
  const error = errorType ? ` (${errorType}: ${errorMessage})` : '';
  return message === undefined ? JSON.stringify({ errorType, errorMessage, ...rest }) : `${message}${error}`;
};
