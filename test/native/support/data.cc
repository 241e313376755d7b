#include "support/data.h"

#include <algorithm>
#include <bit>
#include <string>

namespace warpdrive::test {
namespace {

// A rank that is twice as rare for each step.
size_t Rank(Random& random) { return std::countr_zero(random.Next() | uint64_t{1} << 63); }

void AppendNoise(Bytes& data, size_t size, Random& random) {
  while (data.size() < size) data.push_back(static_cast<uint8_t>(random.Next()));
}

void AppendText(Bytes& data, size_t size, Random& random) {
  std::vector<std::string> words(512);
  for (auto& word : words) {
    word.resize(random.Between(2, 9));
    for (char& c : word)
      c = static_cast<char>('a' + std::min<size_t>(Rank(random) * 3, 22) + random.Below(3));
  }
  while (data.size() < size) {
    const size_t common = std::min<size_t>(16u << std::min<size_t>(Rank(random), 5), words.size());
    const std::string& word = words[random.Below(common)];
    data.insert(data.end(), word.begin(), word.end());
    data.push_back(random.Chance(12) ? '\n' : ' ');
  }
}

void AppendRuns(Bytes& data, size_t size, Random& random) {
  while (data.size() < size) {
    data.insert(data.end(), random.Between(1, 3000), static_cast<uint8_t>(random.Below(4)));
  }
}

void AppendRecords(Bytes& data, size_t size, Random& random) {
  Bytes record;
  AppendNoise(record, random.Between(8, 200), random);
  while (data.size() < size) {
    for (int i = 0; i < 3; i++) {
      record[random.Below(record.size())] = static_cast<uint8_t>(random.Next());
    }
    data.insert(data.end(), record.begin(), record.end());
  }
}

void AppendSkewed(Bytes& data, size_t size, Random& random) {
  while (data.size() < size) {
    data.push_back(static_cast<uint8_t>(Rank(random) * 4 + random.Below(2)));
  }
}

void Append(Bytes& data, DataKind kind, size_t size, Random& random) {
  switch (kind) {
    case DataKind::kNoise:
      return AppendNoise(data, size, random);
    case DataKind::kText:
      return AppendText(data, size, random);
    case DataKind::kRuns:
      return AppendRuns(data, size, random);
    case DataKind::kRecords:
      return AppendRecords(data, size, random);
    case DataKind::kSkewed:
      return AppendSkewed(data, size, random);
    case DataKind::kMixed:
      while (data.size() < size) {
        const DataKind piece = kDataKinds[random.Below(kDataKinds.size() - 1)];
        Append(data, piece, std::min(size, data.size() + random.Between(1, 40000)), random);
      }
  }
}

}  // namespace

Bytes MakeData(DataKind kind, size_t size, Random& random) {
  Bytes data;
  data.reserve(size + 4096);
  Append(data, kind, size, random);
  data.resize(size);
  return data;
}

}  // namespace warpdrive::test
