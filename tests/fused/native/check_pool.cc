// Takes pieces from the kernels' pool and gives them back, in a random order, under sanitizers. Compiled by
// `memory_pool_test.ts`. Prints what it counted.
#include <cstdint>
#include <cstdio>
#include <random>

#include "../../../lib/fused/native/memory.h"

using namespace detnas;

constexpr size_t mebibyte = 1u << 20;

struct Piece {
  unsigned char* memory;
  size_t bytes;
  unsigned char mark;
};

static void fail(const char* what) {
  printf("%s\n", what);
  exit(1);
}

static Piece take(MemoryPool& pool, size_t bytes, unsigned char mark) {
  auto* memory = static_cast<unsigned char*>(pool.take(bytes));
  if (memory == nullptr) fail("no memory");
  if (reinterpret_cast<uintptr_t>(memory) % alignment != 0) fail("a piece is not aligned");
  memset(memory, mark, bytes);
  return {memory, bytes, mark};
}

static void give(MemoryPool& pool, const Piece& piece) {
  for (size_t i = 0; i < piece.bytes; i++) {
    if (piece.memory[i] != piece.mark) fail("two pieces overlap");
  }
  pool.give(piece.memory, piece.bytes);
}

// Pieces from 1 byte to a mebibyte, up to 100 at once: none may change while it is taken.
static void check_random_order(MemoryPool& pool) {
  std::mt19937 source(1);
  std::vector<Piece> taken;
  for (int i = 0; i < 4000; i++) {
    if (taken.size() < 100 && source() % 2 == 0) {
      const size_t bytes = 1 + (source() % mebibyte >> source() % 20);
      taken.push_back(take(pool, bytes, static_cast<unsigned char>(i)));
    } else if (!taken.empty()) {
      std::swap(taken[source() % taken.size()], taken.back());
      give(pool, taken.back());
      taken.pop_back();
    }
  }
  for (const Piece& piece : taken) give(pool, piece);
}

// The same 480 MiB in pieces of one size after another.
static void check_sizes_share(MemoryPool& pool) {
  for (size_t count : {240, 1, 30, 7, 2, 120}) {
    std::vector<void*> pieces(count);
    for (void*& piece : pieces) piece = pool.take(480 * mebibyte / count);
    for (size_t i = 0; i < count; i += 2) pool.give(pieces[i], 480 * mebibyte / count);
    for (size_t i = 1; i < count; i += 2) pool.give(pieces[i], 480 * mebibyte / count);
  }
}

int main() {
  MemoryPool pool;
  check_random_order(pool);
  check_sizes_share(pool);
  printf("shared %zu MiB, ", pool.slab_bytes() / mebibyte);
  void* kept = pool.take(600 * mebibyte);  // more than a slab usually has
  pool.trim();
  printf("kept %zu MiB, ", pool.slab_bytes() / mebibyte);
  pool.give(kept, 600 * mebibyte);
  pool.trim();
  printf("trimmed to %zu MiB\n", pool.slab_bytes() / mebibyte);
}
