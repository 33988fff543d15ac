import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";

setTestEnvs([{ name: "test-tensorflow", backendName: "tensorflow", flags: {}, isDataSync: true }]);
