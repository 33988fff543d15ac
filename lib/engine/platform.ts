/**
 * Which builds of libtensorflow exist, where they lie inside TensorFlow's Python wheels, and where this
 * machine keeps its copy. Plain facts: finding is `library.ts`'s work, fetching `fetch_library.ts`'s.
 *
 * Linux x86-64 with `cpu` is what has been run. The other rows come from opening the wheels; their digests
 * were read with pip on 2026-11-24.
 *
 * @module
 */
import { join, resolve } from "node:path";
import type { Wheel } from "../fetch/wheel.ts";

/** Where the kernels run. */
export type DeviceKind = "cpu" | "gpu";

/** One build of libtensorflow, to be unpacked into one folder. */
export interface EngineBuild {
  /** TensorFlow's version. */
  readonly version: string;
  /** Where its kernels can run. */
  readonly device: DeviceKind;
  /** The first one holds the library, the others CUDA. */
  readonly wheels: readonly Wheel[];
}

/** What is read of the environment; `Deno.env` and a `Map` both are one. */
export interface Environment {
  /** The variable's value, or undefined if it is not set. */
  get(name: string): string | undefined;
}

const VERSION = "2.21.0";
const LINUX_LIBRARIES = ["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"];
const MACOS_LIBRARIES = ["tensorflow/libtensorflow_cc.2.dylib", "tensorflow/libtensorflow_framework.2.dylib"];
const WINDOWS_LIBRARIES = ["tensorflow/python/_pywrap_tensorflow_common.dll"];

/** What TensorFlow's extra `and-cuda` asks for, at the versions pip gives; Linux x86-64. */
const CUDA_WHEELS: readonly Wheel[] = [
  cudaWheel(
    "cublas",
    "12.9.3.13",
    "manylinux_2_27",
    "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
  ),
  cudaWheel(
    "cuda_cupti",
    "12.9.79",
    "manylinux_2_25",
    "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f",
  ),
  cudaWheel(
    "cuda_nvcc",
    "12.9.86",
    "manylinux2014",
    "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
  ),
  cudaWheel(
    "cuda_nvrtc",
    "12.9.86",
    "manylinux2014",
    "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
  ),
  cudaWheel(
    "cuda_runtime",
    "12.9.79",
    "manylinux2014",
    "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
  ),
  cudaWheel(
    "cudnn",
    "9.28.0.42",
    "manylinux_2_27",
    "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
  ),
  cudaWheel(
    "cufft",
    "11.4.1.4",
    "manylinux2014",
    "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
  ),
  cudaWheel(
    "curand",
    "10.3.10.19",
    "manylinux_2_27",
    "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
  ),
  cudaWheel(
    "cusolver",
    "11.7.5.82",
    "manylinux_2_27",
    "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
  ),
  cudaWheel(
    "cusparse",
    "12.5.10.65",
    "manylinux2014",
    "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
  ),
  cudaWheel(
    "nccl",
    "2.32.3",
    "manylinux_2_27",
    "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
  ),
  cudaWheel(
    "nvjitlink",
    "12.9.86",
    "manylinux2014",
    "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
  ),
];

const BUILDS: Readonly<Record<string, EngineBuild>> = {
  "linux x86_64 cpu": build("cpu", {
    requirement: `tensorflow-cpu==${VERSION}`,
    platformTag: "manylinux_2_27_x86_64",
    sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    entries: LINUX_LIBRARIES,
    sizeBytes: 273_829_956,
  }),
  "linux x86_64 gpu": build("gpu", {
    requirement: `tensorflow==${VERSION}`,
    platformTag: "manylinux_2_27_x86_64",
    sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
    entries: LINUX_LIBRARIES,
  }, ...CUDA_WHEELS),
  "linux aarch64 cpu": build("cpu", {
    requirement: `tensorflow==${VERSION}`,
    platformTag: "manylinux_2_27_aarch64",
    sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
    entries: LINUX_LIBRARIES,
  }),
  "darwin aarch64 cpu": build("cpu", {
    requirement: `tensorflow==${VERSION}`,
    platformTag: "macosx_12_0_arm64",
    sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
    entries: MACOS_LIBRARIES,
  }),
  "windows x86_64 cpu": build("cpu", {
    requirement: `tensorflow==${VERSION}`,
    platformTag: "win_amd64",
    sha256: "0064a19bdc054a4b7c5e7e21cdf50ce38a114c2bada578b4f5267a37410f6784",
    entries: WINDOWS_LIBRARIES,
  }),
};

/**
 * The build to fetch for a machine, or null where none is known.
 *
 * @param device Where the kernels are to run.
 * @param os As `Deno.build.os`.
 * @param arch As `Deno.build.arch`.
 */
export function engineBuild(
  device: DeviceKind,
  os: string = Deno.build.os,
  arch: string = Deno.build.arch,
): EngineBuild | null {
  return BUILDS[`${os} ${arch} ${device}`] ?? null;
}

/**
 * Where the library lies below a folder of unpacked wheels, Python's `site-packages` included.
 *
 * @param os As `Deno.build.os`.
 */
export function libraryPath(os: string = Deno.build.os): string {
  const libraries = os === "windows"
    ? WINDOWS_LIBRARIES
    : os === "darwin"
    ? MACOS_LIBRARIES
    : LINUX_LIBRARIES;
  return libraries[0];
}

/**
 * The project's cache folder, absolute: `DETNAS_CACHE`, else `detnas` in the platform's own place. Null if
 * the environment names neither.
 *
 * @param environment Where the variables are read.
 * @param os As `Deno.build.os`.
 */
export function cacheFolder(environment: Environment, os: string = Deno.build.os): string | null {
  const own = environment.get("DETNAS_CACHE");
  if (own) return resolve(own);
  const platform = platformCacheFolder(environment, os);
  return platform && join(platform, "detnas");
}

function platformCacheFolder(environment: Environment, os: string): string | null {
  if (os === "windows") return environment.get("LOCALAPPDATA") || null;
  const home = environment.get("HOME");
  if (os === "darwin") return home ? join(home, "Library", "Caches") : null;
  return environment.get("XDG_CACHE_HOME") || (home ? join(home, ".cache") : null);
}

function build(device: DeviceKind, ...wheels: Wheel[]): EngineBuild {
  return { version: VERSION, device, wheels };
}

/** Only the libraries; of the compiler also its program and bitcode, which XLA looks for beside them. */
function cudaWheel(name: string, version: string, tag: string, sha256: string): Wheel {
  const folder = `nvidia/${name}/`;
  return {
    requirement: `nvidia-${name.replace("_", "-")}-cu12==${version}`,
    platformTag: `${tag}_x86_64`,
    sha256,
    entries: [name === "cuda_nvcc" ? folder : `${folder}lib/`],
  };
}
