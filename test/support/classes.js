// The kinds of data that sizes are promised for: prose, JSON, HTML and access logs, made up.

const { randomFrom } = require('./seed');

const SYLLABLES =
  'ba be bi bo ca ce da de di do fa fe ga go ha he in is ka ki la le li lo ma me mi mo na ne ni no ' +
  'on or pa pe ra re ri ro sa se si so ta te ti to un va ve vi wa we za';

/** A vocabulary of made-up words, the first ones used most. */
function vocabulary(random, count) {
  const syllables = SYLLABLES.split(' ');
  const word = () => Array.from({ length: 1 + random.below(4) }, () => random.pick(syllables));
  return Array.from({ length: count }, () => word().join(''));
}

function makers(start) {
  const random = randomFrom(start);
  const words = vocabulary(random, 4000);
  const word = () => words[Math.floor(random.below(4000) ** 2 / 4000 / (1 + random.below(8)))];
  const sentence = (length) => Array.from({ length }, word).join(' ');
  const digits = (length) => String(random.below(10 ** length)).padStart(length, '0');
  const prose = () => `${sentence(4 + random.below(14))}${random.pick(['.', '.', ',', '?'])}\n`;
  const json = (i) =>
    `${JSON.stringify({
      id: i,
      name: `${word()} ${word()}`,
      email: `${word()}${digits(3)}@example.com`,
      active: random.below(3) > 0,
      score: random.below(100000) / 100,
      tags: [word(), word()],
      created: `2026-${digits(2)}-${digits(2)}T10:${digits(2)}:00Z`,
      note: sentence(3 + random.below(16)),
    })},\n`;
  const html = (i) =>
    `<div class="item item-${random.below(4)}" id="post-${i}"><a href="/posts/${i}/${word()}">` +
    `<h2>${sentence(3)}</h2></a>\n  <p class="meta">by <span>${word()}</span></p>\n` +
    `  <p>${sentence(8 + random.below(20))}</p>\n</div>\n`;
  const log = (i) =>
    `10.0.${random.below(256)}.${random.below(256)} - - [22/Nov/2026:10:${digits(2)}:${digits(2)}]` +
    ` "GET /${random.pick(['api/users', 'static/app.js', 'index.html'])}/${random.below(9000)}` +
    ` HTTP/1.1" ${random.pick([200, 200, 304, 404])} ${i % 977} "${random.pick([
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)',
      'curl/8.4.0',
    ])}" rt=0.${digits(3)}\n`;
  return { prose, json, html, log };
}

const CLASSES = ['prose', 'json', 'html', 'log'];

/** `size` bytes of one of CLASSES. */
function classData(name, size, start = 1) {
  const make = makers(start)[name];
  const parts = [];
  for (let length = 0, i = 0; length < size; i++) {
    const part = make(i);
    parts.push(part);
    length += part.length;
  }
  return Buffer.from(parts.join(''), 'latin1').subarray(0, size);
}

module.exports = { CLASSES, classData };
