// Stands in for the log platform: takes what the forwarder ships and prints it for a person to read.
import { gunzipSync } from 'node:zlib';
import { listen, readBody } from './http.mjs';

/** Starts the sink. `print` gets each line as { time, service, level, trace, message }. */
export const startSink = async (print) => {
  const server = await listen(async (request, response) => {
    const body = await readBody(request);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    for (const entry of splitJson(text)) print(read(entry));
    // Splunk's answer of success; the other platforms answer 200 without a body.
    const isSplunk = request.url.includes('/services/collector');
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(isSplunk ? '{"text":"Success","code":0}' : '');
  });
  return { address: `http://127.0.0.1:${server.port}/`, stop: server.stop };
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

// Splunk: {"time", "fields": {…}, "event"}. Logz.io and Sumo Logic: {"@timestamp" or "timestamp", …, "message" or "log"}.
const read = (entry) => {
  const { service, level, trace_id: trace } = entry.fields ?? entry;
  const content = entry.event ?? entry.log ?? entry.message;
  return {
    time: new Date(entry.time ? entry.time * 1000 : (entry['@timestamp'] ?? entry.timestamp)),
    service: service ?? '',
    level: level ?? '',
    trace: trace ?? '',
    message: typeof content === 'string' ? content : describe(content),
  };
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
