// The client of the HTTP scenario, in a process of its own so that the server's CPU time is the
// server's alone. Usage: node http-load.js URL CONNECTIONS REQUESTS; prints JSON.

const autocannon = require('autocannon');

async function load(url, connections, amount) {
  const result = await autocannon({
    url,
    connections,
    amount,
    timeout: 120,
    headers: { 'accept-encoding': 'gzip' },
  });
  const { errors, timeouts, non2xx, latency, requests, start, finish } = result;
  if (errors + timeouts + non2xx > 0 || requests.total !== amount) {
    throw new Error(
      `${requests.total} of ${amount} requests were answered: ` +
        `${errors} errors, ${timeouts} timeouts, ${non2xx} other statuses than 2xx`,
    );
  }
  return { seconds: (finish - start) / 1000, p50Ms: latency.p50, p99Ms: latency.p99 };
}

const [url, connections, amount] = process.argv.slice(2);
load(url, Number(connections), Number(amount)).then(
  (outcome) => console.log(JSON.stringify(outcome)),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
