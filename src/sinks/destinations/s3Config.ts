export interface S3Config {
  /**
   * URL of a server other than Amazon's; the bucket then is part of the path. Default:
   * `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`.
   */
  endpoint?: string;
  /** Default: that of the SDK (`AWS_REGION`, profile), else `us-east-1`. */
  region?: string;
  /** Default: those of the SDK (environment, profile, role of the machine). */
  credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Outcomes delivered at the same time. Default 8. */
  concurrency?: number;
  /** Attempts of one request, including the first. Default 3. */
  maxAttempts?: number;
}
