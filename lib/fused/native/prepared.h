// A weight as the kernels multiply with it. Passes over several maps share it, and then it is made once.
#pragma once
#include <memory>

#include "matmul.h"
#include "pixels.h"

namespace detnas {

struct DenseFilter;

// Made by the first pass that asks for it, for one direction; the weight must stay as it is meanwhile.
struct PreparedWeight {
  std::unique_ptr<PackedWeight> product;  // of a pointwise layer, or one over patches
  std::unique_ptr<DenseFilter> filter;    // of one over neighbours

  PreparedWeight();
  ~PreparedWeight();
};

// What a pass prepares its weight in: what it was given, or its own.
static inline PreparedWeight& prepared_of(const Pass& pass, PreparedWeight& own) {
  return pass.prepared != nullptr ? *pass.prepared : own;
}

static inline const PackedWeight& packed_weight(const Pass& pass, bool transposed, PreparedWeight& prepared,
                                                Threads& threads) {
  if (prepared.product == nullptr)
    prepared.product =
        std::make_unique<PackedWeight>(pass.weight, pass.inputs, pass.outputs, transposed, threads);
  return *prepared.product;
}

}  // namespace detnas
