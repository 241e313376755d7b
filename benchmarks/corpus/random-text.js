// Seeded vocabulary and choices that the generators share. Words, names and addresses come from
// faker; how often each is used follows Zipf's law, as in real text and traffic: without that,
// generated data compresses unlike the data it stands for.

const { Faker, base, en, generateMersenne53Randomizer } = require('@faker-js/faker');

/** @param {number} seed whole number; the same seed gives the same data in every run */
function createSource(seed) {
  const randomizer = generateMersenne53Randomizer();
  const faker = new Faker({
    locale: [en, base],
    randomizer,
    seed,
    refDate: '2026-01-01T00:00:00.000Z',
  });
  const random = () => randomizer.next();

  const integer = (min, max) => min + Math.floor(random() * (max - min + 1));
  const pick = (items) => items[Math.floor(random() * items.length)];
  const chance = (probability) => random() < probability;

  /** Picks by rank r with a probability near 1/r: the first items often, the last ones rarely. */
  const pickRanked = (items) => items[Math.floor(items.length ** random()) - 1];

  const many = (count, make) => Array.from({ length: count }, make);
  const hex = (digits) => {
    let text = '';
    while (text.length < digits) text += integer(0, 0xffffffff).toString(16).padStart(8, '0');
    return text.slice(0, digits);
  };

  const words = [
    ...'the of and to a in is that it was for on are with as be at by this from or'.split(' '),
    ...new Set(many(6000, () => faker.word.sample())),
  ];
  const sentence = () => {
    const text = many(integer(5, 22), () => pickRanked(words)).join(' ');
    return `${text[0].toUpperCase()}${text.slice(1)}${chance(0.9) ? '.' : '?'}`;
  };
  const paragraph = (sentences) => many(sentences, sentence).join(' ');

  return { faker, integer, pick, pickRanked, chance, many, hex, words, sentence, paragraph };
}

module.exports = { createSource };
