/** The same model in each protocol, as lines for a terminal. */
export interface ProtocolLine {
  name: string;
  line: string;
}

export function protocolLines(base: string, dataset: string, features: number): ProtocolLine[] {
  const model = encodeURIComponent(dataset);
  const sample = Array.from({ length: features }, () => 0.5);
  const predict = features
    ? `curl --json '${JSON.stringify({ features: sample })}' '${base}/predict?dataset=${model}'`
    : `curl -F file=@image.png '${base}/predict?dataset=${model}'`;
  const rows = features
    ? `curl -d '${JSON.stringify({ instances: [sample] })}' ${base}/v1/models/${model}:predict`
    : `curl -d "{\\"instances\\": [{\\"b64\\": \\"$(base64 < image.png | tr -d '\\n')\\"}]}" ${base}/v1/models/${model}:predict`;
  return [
    { name: "Trainyard", line: predict },
    { name: "TensorFlow Serving, KServe v1", line: rows },
    { name: "Open Inference Protocol v2", line: `curl ${base}/v2/models/${model}` },
  ];
}
