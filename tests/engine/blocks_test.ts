import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { stemUnit, supernet } from "../../lib/models/backbone.ts";
import { batchNormEpsilon, localBatchNorm } from "../../lib/nn/batch_norm.ts";
import type { Unit } from "../../lib/nn/unit.ts";
import { searchSpaces } from "../../lib/space/search_space.ts";
import { NetworkState } from "../../lib/train/network_state.ts";
import { disposePass, UnitRunner } from "../../lib/train/unit_runner.ts";
import { useEngine } from "../helpers/engine.ts";
import { assertGoldenPass, goldenState } from "../helpers/golden_unit.ts";
import { assertNoLeaks } from "../helpers/leaks.ts";
import {
  goldenBlocks,
  type GoldenLayer,
  type GoldenPass,
  goldenStems,
  stored,
} from "../models/_golden_blocks.ts";

const engine = await useEngine();

interface Case {
  readonly name: string;
  readonly unit: Unit;
  readonly golden: readonly GoldenLayer[];
  readonly pass: GoldenPass;
}

/** The fixture's stems take their channels as the weight has them; the unit reverses its weight's. */
const stems = (await goldenStems()).map(({ conv, ...pass }): Case => {
  const stem = stemUnit({ ...searchSpaces["resnet-50"], stemChannels: 2 });
  const reversed = (x: Tensor): Tensor => tf.reverse(x, 3);
  return {
    name: `ResNet's stem on ${pass.x.shape.join("x")}`,
    unit: {
      ...stem,
      train: ([x], ...rest) => stem.train([reversed(x)], ...rest),
      infer: ([x], ...rest) => stem.infer([reversed(x)], ...rest),
    },
    golden: [conv],
    pass,
  };
});

for (const { name, unit, golden, pass } of [...await goldenBlocks(), ...stems]) {
  Deno.test(`a unit compiled by TensorFlow gives PyTorch's output, gradients and statistics: ${name}`, () => {
    using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
    assertGoldenPass(runner, unit, golden, pass);
  });

  Deno.test(`a unit's passes leave nothing alive: ${name}`, () => {
    using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
    tf.tidy(() => {
      const state = goldenState(unit, golden);
      const [x, dy] = [stored(pass.x), stored(pass.dy)];
      assertNoLeaks(engine, () => {
        const trained = runner.train(unit, state, [x], 1);
        const { inputs, parameters } = runner.backward(trained, [dy]);
        tf.dispose([...inputs, ...parameters, ...trained.moments]);
        disposePass(trained);
      });
    });
  });
}

Deno.test("ResNet's stem and bottleneck hold no activation as a constant, which the compiler would refuse", () => {
  const { stem, blocks } = supernet(searchSpaces["resnet-50"], 1);
  using runner = new UnitRunner(engine.compiler, localBatchNorm(batchNormEpsilon));
  tf.tidy(() => {
    const state = new NetworkState([stem, blocks[0][0]], 1);
    const images = tf.zeros([2, 64, 64, 3]); // its largest activation takes 512 KiB, a constant may take 64
    const first = runner.train(stem, state.of(stem), [images], 0);
    const second = runner.train(blocks[0][0], state.of(blocks[0][0]), first.outputs, 1);
    const { inputs: [dx] } = runner.backward(second, second.outputs);
    assertEquals(runner.backward(first, [dx]).parameters.length, 3);
    assertEquals([first, second].map(({ outputs: [y] }) => y.shape), [[2, 16, 16, 64], [2, 16, 16, 256]]);
  });
});
