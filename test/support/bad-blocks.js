// Raw deflate streams that are wrong in one way each, with what zlib says about it.

const { BitWriter } = require('./bit-writer');

const STORED = 0;
const FIXED = 1;
const DYNAMIC = 2;
const RESERVED = 3;

const writer = () => new BitWriter();

// Codes of fixed blocks (RFC 1951 §3.2.6).
const FIXED_A = '10010001'; // literal 'a': 0x30 + 97
const FIXED_LENGTH_3 = '0000001'; // symbol 257
const FIXED_SYMBOL_286 = '11000110';
const FIXED_END = '0000000';
const distance = (symbol) => symbol.toString(2).padStart(5, '0');

// A length code of four symbols with two bits each, in their order: 00, 01, 10, 11.
const LENGTHS = { 0: 2, 1: 2, 16: 2, 18: 2 };
const L0 = '00';
const L1 = '01';
const REPEAT = '10'; // with 16: and 2 bits, 3 to 6 times the one before
const L2 = '10'; // with 2 in the place of 16
const dynamic = (literalCodes = 257, distanceCodes = 1, lengths = LENGTHS) =>
  writer().block(DYNAMIC).counts(literalCodes, distanceCodes, 19).lengthCode(lengths, 19);
/** `count` zero lengths (11 to 138): symbol 18 and 7 bits. */
const zeros = (bits, count) => bits.code('11').number(count - 11, 7);

/** Lengths of the literal code: one bit each for 'a' and the end of the block. */
function literals(bits) {
  zeros(bits, 97).code(L1);
  return zeros(zeros(bits, 138), 20).code(L1);
}

const BAD_BLOCKS = {
  'reserved block type': [writer().block(RESERVED), 'invalid block type'],
  'stored length without its complement': [
    writer().block(STORED).number(0, 5).number(5, 16).number(5, 16),
    'invalid stored block lengths',
  ],
  'too many literal codes': [
    writer().block(DYNAMIC).counts(287, 1, 4),
    'too many length or distance symbols',
  ],
  'too many distance codes': [
    writer().block(DYNAMIC).counts(257, 31, 4),
    'too many length or distance symbols',
  ],
  'length code over-subscribed': [
    writer().block(DYNAMIC).counts(257, 1, 4).lengthCode({ 0: 1, 16: 1, 17: 1, 18: 1 }, 4),
    'invalid code lengths set',
  ],
  'length code incomplete': [
    writer().block(DYNAMIC).counts(257, 1, 4).lengthCode({ 0: 2, 18: 1 }, 4),
    'invalid code lengths set',
  ],
  'repeat with nothing before it': [
    dynamic().code(REPEAT).number(0, 2),
    'invalid bit length repeat',
  ],
  'repeat beyond the last code': [zeros(zeros(dynamic(), 138), 138), 'invalid bit length repeat'],
  'no code for the end of the block': [
    zeros(zeros(dynamic().code(L1).code(L1), 138), 118),
    'invalid code -- missing end-of-block',
  ],
  'literal code over-subscribed': [
    zeros(zeros(dynamic().code(L1).code(L1).code(L1), 138), 115)
      .code(L1)
      .code(L0),
    'invalid literal/lengths set',
  ],
  'literal code incomplete': [
    zeros(zeros(dynamic(257, 1, { 0: 2, 1: 2, 2: 2, 18: 2 }), 138), 118)
      .code(L2)
      .code(L0),
    'invalid literal/lengths set',
  ],
  'distance code over-subscribed': [
    literals(dynamic(257, 3)).code(L1).code(L1).code(L1),
    'invalid distances set',
  ],
  'literal symbol 286': [
    writer().block(FIXED).code(FIXED_A).code(FIXED_SYMBOL_286),
    'invalid literal/length code',
  ],
  'distance symbol 30': [
    writer().block(FIXED).code(FIXED_A).code(FIXED_LENGTH_3).code(distance(30)),
    'invalid distance code',
  ],
  'distance before the start': [
    writer().block(FIXED).code(FIXED_A).code(FIXED_LENGTH_3).code(distance(1)),
    'invalid distance too far back',
  ],
  'distance before the start, first symbol': [
    writer().block(FIXED).code(FIXED_LENGTH_3).code(distance(0)),
    'invalid distance too far back',
  ],
  'second block of the reserved type': [
    writer().block(FIXED, { last: false }).code(FIXED_A).code(FIXED_END).block(RESERVED),
    'invalid block type',
  ],
};
module.exports = { BAD_BLOCKS };
