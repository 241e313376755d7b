// The same bytes as every type that zlib takes, and values that are none of these.

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** A copy of `bytes` in a larger memory, 16 bytes into it, with other bytes on both sides. */
function embedded(bytes, Memory = ArrayBuffer) {
  const memory = new Memory(bytes.length + 48);
  const all = new Uint8Array(memory);
  all.fill(0xee);
  all.set(bytes, 16);
  return memory;
}

/** {name: value} of `bytes` (a multiple of 8 long) in all types; views have an offset. */
function inputsOf(bytes) {
  const inputs = {
    Buffer: Buffer.from(bytes),
    'Buffer view': Buffer.from(embedded(bytes), 16, bytes.length),
    DataView: new DataView(embedded(bytes), 16, bytes.length),
    ArrayBuffer: new Uint8Array(bytes).buffer,
  };
  for (const Type of TYPED_ARRAYS) {
    const length = bytes.length / Type.BYTES_PER_ELEMENT;
    inputs[Type.name] = new Type(embedded(bytes), 16, length);
  }
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  inputs.SharedArrayBuffer = shared;
  inputs['Uint8Array on shared memory'] = new Uint8Array(
    embedded(bytes, SharedArrayBuffer),
    16,
    bytes.length,
  );
  return inputs;
}

/** Values of other types: makers, because some are used up. */
const WRONG_VALUES = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  zero: () => 0,
  number: () => 42,
  NaN: () => Number.NaN,
  bigint: () => 10n,
  symbol: () => Symbol('s'),
  object: () => ({}),
  'object with length': () => ({ length: 3 }),
  array: () => [1, 2, 3],
  'empty array': () => [],
  function: () => function named() {},
  class: () => class Named {},
  date: () => new Date(0),
  map: () => new Map(),
  'null prototype': () => Object.create(null),
};

module.exports = { inputsOf, WRONG_VALUES };
