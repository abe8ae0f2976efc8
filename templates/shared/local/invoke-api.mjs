// The part of Lambda's API by which the user pool invokes its trigger: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
import { host, listen, readBody } from './http.mjs';

/** Answers each request with what `invoke` makes of its body, and an error of the function as Lambda does: { address, stop }. */
export const startInvokeApi = async (invoke) => {
  const server = await listen(async (request, response) => {
    const event = await readBody(request);
    try {
      response.end(await invoke(event));
    } catch (error) {
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end(JSON.stringify({ errorMessage: error.message }));
    }
  });
  return { address: `http://${host}:${server.port}`, stop: server.stop };
};
