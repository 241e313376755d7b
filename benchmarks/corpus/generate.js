// Data of the kinds that servers compress, for machines without a corpus, and for the goals that
// name JSON, HTML and log data. Seeded: every machine measures the same bytes (of `packed` only with
// the same zlib in Node).

const { gzipSync } = require('node:zlib');
const { createSource } = require('./random-text.js');

const ARCHIVE_BYTES = 512 << 10;

/** Collects pieces until they hold `size` bytes. @returns {Buffer} of exactly `size` bytes */
function fill(size, makePiece) {
  const pieces = [];
  let total = 0;
  while (total < size) {
    const piece = Buffer.from(makePiece());
    pieces.push(piece);
    total += piece.length;
  }
  return Buffer.concat(pieces).subarray(0, size);
}

/** Answers of an order API, one document a line. */
function json(size) {
  const source = createSource(1001);
  const { faker, integer, pick, pickRanked, chance, many, hex, sentence } = source;
  const products = many(1500, () => ({
    sku: hex(10).toUpperCase(),
    name: faker.commerce.productName(),
    price: integer(199, 99900) / 100,
    category: faker.commerce.department(),
  }));
  const cities = many(400, () => [faker.location.city(), faker.location.zipCode()]);
  let time = Date.parse('2026-01-01T00:00:00Z');
  let id = 48210000;
  const item = () => {
    const product = pickRanked(products);
    return {
      ...product,
      quantity: integer(1, 4),
      discount: chance(0.2) ? integer(1, 30) / 100 : 0,
    };
  };
  const order = () => {
    const first = faker.person.firstName();
    const last = faker.person.lastName();
    const [city, zip] = pickRanked(cities);
    const items = many(integer(1, 5), item);
    const cents = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
    time += integer(20, 9000);
    id += integer(1, 4);
    return {
      id,
      uuid: faker.string.uuid(),
      createdAt: new Date(time).toISOString(),
      status: pick(['paid', 'paid', 'shipped', 'shipped', 'shipped', 'cancelled', 'returned']),
      customer: {
        id: integer(10000, 999999),
        name: `${first} ${last}`,
        email: `${first}.${last}@${faker.internet.domainName()}`.toLowerCase(),
        address: { street: faker.location.streetAddress(), city, zip },
      },
      items,
      total: Number(cents.toFixed(2)),
      currency: 'EUR',
      location: { lat: integer(-9e7, 9e7) / 1e6, lon: integer(-18e7, 18e7) / 1e6 },
      note: chance(0.25) ? sentence() : null,
      tags: chance(0.5) ? [pick(['gift', 'express', 'b2b', 'first-order'])] : [],
    };
  };
  return fill(size, () => `${JSON.stringify(order())}\n`);
}

/** Pages of a shop and magazine: one layout, with text, links, attributes and inline data. */
function html(size) {
  const { faker, integer, pickRanked, chance, many, hex, words, sentence, paragraph } =
    createSource(2002);
  const slug = () => many(integer(2, 5), () => pickRanked(words)).join('-');
  const sections = many(24, () => ({ path: slug(), title: faker.commerce.department() }));
  const navigation = sections
    .map(
      ({ path, title }) =>
        `        <li class="nav__item"><a class="nav__link" href="/${path}">${title}</a></li>`,
    )
    .join('\n');
  const image = () =>
    `<img class="card__image" loading="lazy" width="${integer(2, 8) * 80}" height="${integer(2, 6) * 80}" ` +
    `src="https://cdn.example.com/i/${hex(16)}.webp" alt="${slug().replaceAll('-', ' ')}">`;
  const card = () => `
      <article class="card${chance(0.2) ? ' card--featured' : ''}" data-id="${integer(100000, 999999)}">
        <a class="card__link" href="/${pickRanked(sections).path}/${slug()}">${image()}</a>
        <h3 class="card__title">${faker.commerce.productName()}</h3>
        <p class="card__text">${sentence()}</p>
        <span class="card__price">&euro;&nbsp;${integer(2, 900)}.${integer(10, 99)}</span>
      </article>`;
  const block = () => (chance(0.5) ? card() : `\n      <p>${paragraph(integer(2, 6))}</p>`);
  const page = () => {
    const title = sentence();
    return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="description" content="${sentence()}">
    <title>${title}</title>
    <link rel="stylesheet" href="/assets/main.${hex(8)}.css">
    <script type="module" src="/assets/app.${hex(8)}.js"></script>
  </head>
  <body>
    <nav class="nav" aria-label="Sections">
      <ul class="nav__list">
${navigation}
      </ul>
    </nav>
    <main class="content">
      <h1>${title}</h1>${many(integer(60, 240), block).join('')}
    </main>
    <script type="application/json" id="state">{"session":"${hex(32)}","page":${integer(1, 9000)},"seen":[${many(integer(5, 40), () => integer(100000, 999999)).join(',')}]}</script>
  </body>
</html>
`;
  };
  return fill(size, page);
}

/** An access log in the combined format, mixed with structured lines of an application. */
function log(size) {
  const { faker, integer, pick, pickRanked, chance, many, hex, words } = createSource(3003);
  const addresses = many(5000, () => faker.internet.ipv4());
  const agents = many(120, () => faker.internet.userAgent());
  const paths = many(2500, () => `/${many(integer(1, 4), () => pickRanked(words)).join('/')}`);
  const services = ['checkout', 'catalog', 'auth', 'search', 'mailer'];
  const messages = [
    'request completed',
    'cache miss',
    'retrying upstream',
    'slow query',
    'token refreshed',
  ];
  let time = Date.parse('2026-01-01T00:00:00Z');
  const stamp = () => {
    time += integer(0, 120);
    return new Date(time).toISOString();
  };
  const query = () => (chance(0.3) ? `?q=${pickRanked(words)}&page=${integer(1, 30)}` : '');
  const access = () =>
    `${pickRanked(addresses)} - - [${stamp()}] "${pick(['GET', 'GET', 'GET', 'GET', 'POST'])} ` +
    `${pickRanked(paths)}${query()} HTTP/1.1" ${pick([200, 200, 200, 200, 304, 404, 301, 500])} ` +
    `${integer(120, 90000)} "https://www.example.com${pickRanked(paths)}" "${pickRanked(agents)}"\n`;
  const application = () =>
    `${stamp()} ${pick(['INFO', 'INFO', 'INFO', 'WARN', 'ERROR'])} [${pick(services)}] ` +
    `trace=${hex(16)} span=${hex(8)} ${pickRanked(messages)} user=${integer(1000, 99999)} ` +
    `path=${pickRanked(paths)} took=${integer(1, 3000) / 10}ms\n`;
  return fill(size, () => (chance(0.7) ? access() : application()));
}

/** Telemetry: columns of drifting sensor values, growing ids, sparse flags, and some random bytes. */
function binary(size) {
  const { integer, many, chance } = createSource(4004);
  const sensors = many(16, () => ({
    value: integer(-5000, 5000) / 10,
    step: integer(1, 40) / 100,
  }));
  let sequence = 1_000_000;
  const batch = () => {
    const rows = 256;
    const buffer = Buffer.alloc(rows * (8 + 4 * sensors.length + 2) + 64);
    let at = 0;
    for (let row = 0; row < rows; row++, sequence += integer(1, 3)) {
      at = buffer.writeBigUInt64LE(BigInt(sequence), at);
    }
    for (const sensor of sensors) {
      for (let row = 0; row < rows; row++) {
        sensor.value += (integer(0, 200) / 100 - 1) * sensor.step;
        at = buffer.writeFloatLE(Math.round(sensor.value * 100) / 100, at);
      }
    }
    for (let row = 0; row < rows; row++)
      at = buffer.writeUInt16LE(chance(0.05) ? 1 << integer(0, 15) : 0, at);
    for (let i = 0; i < 64; i++) at = buffer.writeUInt8(integer(0, 255), at);
    return buffer;
  };
  return fill(size, batch);
}

/** What is compressed already: archives of pages and of telemetry, by turns. */
function packed(size) {
  const sources = [html(size), binary(size)];
  let next = 0;
  return fill(size, () => {
    const source = sources[next % 2];
    const at = (Math.floor(next++ / 2) * ARCHIVE_BYTES) % size;
    return gzipSync(source.subarray(at, at + ARCHIVE_BYTES), { level: 9 });
  });
}

module.exports = { json, html, log, binary, packed };
