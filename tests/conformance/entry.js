// What esbuild bundles: tfjs-core's own test suite, set to run on the backend `tensorflow`. The environments must
// be set before the tests are imported, as each file asks for them when it is.
import "./environment.js";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/tests";
