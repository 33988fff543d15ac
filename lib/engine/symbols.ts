/**
 * The part of TensorFlow's C API (tensorflow/c/c_api.h, c_api_experimental.h and eager/c_api.h) that the engine
 * calls, one C type beside each parameter.
 *
 * @module
 */

/** A `TF_Output` passed by value: `{ TF_Operation* oper; int index; }`. */
const tfOutput = { struct: ["pointer", "i32"] } as const;

/** The C functions used, as `Deno.dlopen` wants them. */
export const symbols = {
  TF_Version: { parameters: [], result: "pointer" },

  // Status
  TF_NewStatus: { parameters: [], result: "pointer" },
  TF_DeleteStatus: { parameters: ["pointer"], result: "void" },
  TF_GetCode: { parameters: ["pointer"], result: "i32" },
  TF_Message: { parameters: ["pointer"], result: "pointer" },

  // Host tensors
  TF_AllocateTensor: {
    parameters: [
      "i32", // TF_DataType
      "buffer", // const int64_t* dims
      "i32", // int num_dims
      "usize", // size_t len
    ],
    result: "pointer",
  },
  TF_NewTensor: {
    parameters: [
      "i32", // TF_DataType
      "buffer", // const int64_t* dims
      "i32", // int num_dims
      "pointer", // void* data
      "usize", // size_t len
      "pointer", // void (*deallocator)(void* data, size_t len, void* arg)
      "pointer", // void* deallocator_arg
    ],
    result: "pointer",
  },
  TF_TensorData: { parameters: ["pointer"], result: "pointer" },
  TF_TensorByteSize: { parameters: ["pointer"], result: "usize" },
  TF_DeleteTensor: { parameters: ["pointer"], result: "void" },
  TF_StringInit: { parameters: ["pointer"], result: "void" },
  TF_StringCopy: {
    parameters: [
      "pointer", // TF_TString* dst
      "buffer", // const char* src
      "usize", // size_t size
    ],
    result: "void",
  },
  TF_StringGetDataPointer: { parameters: ["pointer"], result: "pointer" },
  TF_StringGetSize: { parameters: ["pointer"], result: "usize" },
  TF_StringDealloc: { parameters: ["pointer"], result: "void" },

  // Eager context and tensor handles
  TFE_NewContextOptions: { parameters: [], result: "pointer" },
  TFE_ContextOptionsSetConfig: {
    parameters: [
      "pointer", // TFE_ContextOptions*
      "buffer", // const void* proto (ConfigProto)
      "usize", // size_t proto_len
      "pointer", // TF_Status*
    ],
    result: "void",
  },
  TFE_DeleteContextOptions: { parameters: ["pointer"], result: "void" },
  TFE_NewContext: { parameters: ["pointer", "pointer"], result: "pointer" },
  TFE_DeleteContext: { parameters: ["pointer"], result: "void" },
  TFE_ContextListDevices: { parameters: ["pointer", "pointer"], result: "pointer" },
  TF_DeviceListCount: { parameters: ["pointer"], result: "i32" },
  TF_DeviceListName: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
  TF_DeviceListType: { parameters: ["pointer", "i32", "pointer"], result: "pointer" },
  TF_DeleteDeviceList: { parameters: ["pointer"], result: "void" },
  TFE_NewTensorHandle: { parameters: ["pointer", "pointer"], result: "pointer" },
  TFE_DeleteTensorHandle: { parameters: ["pointer"], result: "void" },
  TFE_TensorHandleResolve: { parameters: ["pointer", "pointer"], result: "pointer" },
  TFE_TensorHandleCopyToDevice: {
    parameters: [
      "pointer", // TFE_TensorHandle*
      "pointer", // TFE_Context*
      "buffer", // const char* device_name
      "pointer", // TF_Status*
    ],
    result: "pointer",
  },
  TFE_TensorHandleNumDims: { parameters: ["pointer", "pointer"], result: "i32" },
  TFE_TensorHandleDim: { parameters: ["pointer", "i32", "pointer"], result: "i64" },
  TFE_TensorHandleDataType: { parameters: ["pointer"], result: "i32" },

  // Eager operations
  TFE_NewOp: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  TFE_DeleteOp: { parameters: ["pointer"], result: "void" },
  TFE_OpAddInput: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  TFE_OpSetAttrString: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" },
  TFE_OpSetAttrInt: { parameters: ["pointer", "buffer", "i64"], result: "void" },
  TFE_OpSetAttrFloat: { parameters: ["pointer", "buffer", "f32"], result: "void" },
  TFE_OpSetAttrBool: { parameters: ["pointer", "buffer", "u8"], result: "void" },
  TFE_OpSetAttrType: { parameters: ["pointer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrShape: { parameters: ["pointer", "buffer", "buffer", "i32", "pointer"], result: "void" },
  TFE_OpSetAttrIntList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrFloatList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TFE_OpSetAttrTypeList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TFE_Execute: {
    parameters: [
      "pointer", // TFE_Op*
      "buffer", // TFE_TensorHandle** retvals
      "buffer", // int* num_retvals
      "pointer", // TF_Status*
    ],
    result: "void",
  },

  // Groups of workers
  TFE_EnableCollectiveOps: {
    parameters: [
      "pointer", // TFE_Context*
      "buffer", // const void* proto (ServerDef)
      "usize", // size_t proto_len
      "pointer", // TF_Status*
    ],
    result: "void",
    nonblocking: true, // waits for the other workers
  },
  TFE_ReportErrorToCluster: {
    parameters: [
      "pointer", // TFE_Context*
      "i32", // int error_code
      "buffer", // const char* error_message
      "pointer", // TF_Status*
    ],
    result: "void",
  },

  // Graphs and functions
  TF_NewGraph: { parameters: [], result: "pointer" },
  TF_DeleteGraph: { parameters: ["pointer"], result: "void" },
  TF_NewOperation: { parameters: ["pointer", "buffer", "buffer"], result: "pointer" },
  TF_FinishOperation: { parameters: ["pointer", "pointer"], result: "pointer" },
  TF_AddInput: { parameters: ["pointer", tfOutput], result: "void" },
  TF_AddControlInput: { parameters: ["pointer", "pointer"], result: "void" },
  TF_AddInputList: { parameters: ["pointer", "buffer", "i32"], result: "void" },
  TF_SetAttrString: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" },
  TF_SetAttrInt: { parameters: ["pointer", "buffer", "i64"], result: "void" },
  TF_SetAttrFloat: { parameters: ["pointer", "buffer", "f32"], result: "void" },
  TF_SetAttrBool: { parameters: ["pointer", "buffer", "u8"], result: "void" },
  TF_SetAttrType: { parameters: ["pointer", "buffer", "i32"], result: "void" },
  TF_SetAttrShape: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrIntList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrFloatList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrTypeList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" },
  TF_SetAttrTensor: { parameters: ["pointer", "buffer", "pointer", "pointer"], result: "void" },
  TF_OperationOutputType: { parameters: [tfOutput], result: "i32" },
  TF_GraphGetTensorNumDims: { parameters: ["pointer", tfOutput, "pointer"], result: "i32" },
  TF_GraphGetTensorShape: { parameters: ["pointer", tfOutput, "buffer", "i32", "pointer"], result: "void" },
  TF_GraphToFunction: {
    parameters: [
      "pointer", // const TF_Graph* fn_body
      "buffer", // const char* fn_name
      "u8", // unsigned char append_hash_to_fn_name
      "i32", // int num_opers (-1: all operations)
      "pointer", // const TF_Operation* const* opers
      "i32", // int ninputs
      "buffer", // const TF_Output* inputs
      "i32", // int noutputs
      "buffer", // const TF_Output* outputs
      "pointer", // const char* const* output_names
      "pointer", // const TF_FunctionOptions* opts
      "pointer", // const char* description
      "pointer", // TF_Status*
    ],
    result: "pointer",
  },
  TF_DeleteFunction: { parameters: ["pointer"], result: "void" },
  TFE_ContextAddFunction: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  TFE_ContextRemoveFunction: { parameters: ["pointer", "buffer", "pointer"], result: "void" },

  // Operation definitions
  TF_GetAllOpList: { parameters: [], result: "pointer" },
  TF_DeleteBuffer: { parameters: ["pointer"], result: "void" },

  // The system's loader, which every library but Windows's sees
  dlopen: {
    parameters: [
      "buffer", // const char* path
      "i32", // int mode
    ],
    result: "pointer",
    optional: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The loaded C functions. */
export type Symbols = Deno.DynamicLibrary<typeof symbols>["symbols"];
