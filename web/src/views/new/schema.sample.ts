import { type JsonSchema, SpecSchema } from "./schema.ts";

/** A small schema of the same make as that of the service. */
const SCHEMAS: Record<string, JsonSchema> = {
  ExperimentSpec: {
    type: "object",
    properties: {
      name: { type: "string", description: "one line of printable text" },
      dataset: { $ref: "#/components/schemas/DatasetSpec" },
      model: { $ref: "#/components/schemas/ModelSpec", description: "the network" },
      training: { $ref: "#/components/schemas/TrainingSpec" },
    },
    required: ["model"],
  },
  DatasetSpec: {
    type: "object",
    properties: {
      name: { type: "string", default: "digits" },
      add: { type: "array", items: { type: "string" } },
    },
  },
  ModelSpec: {
    type: "object",
    properties: {
      preset: {
        anyOf: [{ type: "string", enum: ["mnist-cnn", "mnist-dnn"] }, { type: "null" }],
        default: null,
      },
      layers: {
        type: "array",
        items: { oneOf: [{ $ref: "#/components/schemas/Conv2D" }, { $ref: "#/components/schemas/Flatten" }] },
      },
    },
  },
  Conv2D: {
    type: "object",
    description: "A convolution.",
    properties: {
      type: { const: "Conv2D", default: "Conv2D", type: "string" },
      filters: { type: "integer", minimum: 1, maximum: 65536, description: "a whole number" },
      kernel_size: { type: "integer", minimum: 1 },
      padding: { type: "string", enum: ["valid", "same"], default: "valid" },
    },
    required: ["kernel_size", "filters"],
  },
  Flatten: { type: "object", properties: { type: { const: "Flatten", type: "string" } } },
  TrainingSpec: {
    type: "object",
    properties: {
      epochs: { type: "integer", minimum: 1, maximum: 10000, default: 30 },
      deterministic: { type: "boolean", default: false },
      optimizer: { oneOf: [{ $ref: "#/components/schemas/Adam" }, { $ref: "#/components/schemas/SGD" }] },
    },
  },
  Adam: {
    type: "object",
    properties: {
      type: { const: "Adam", type: "string" },
      beta_1: { type: "number", minimum: 0, exclusiveMaximum: 1, default: 0.9 },
    },
  },
  SGD: {
    type: "object",
    properties: { type: { const: "SGD", type: "string" }, momentum: { type: "number", default: 0 } },
  },
};

export const SAMPLE = new SpecSchema(SCHEMAS);
