/** The bucket that recordings and quarantined bodies are in, and what gives access to it. */
export type ObjectsConfig =
  | {
      kind: "s3";
      bucket: string;
      /** Without slashes at its ends; "" for the whole bucket. */
      prefix: string;
      region: string;
      /** null: Amazon's. */
      endpoint: string | null;
      accessKeyId: string;
      secretAccessKey: string;
      /** null unless the keys are temporary. */
      sessionToken: string | null;
    }
  | {
      kind: "azure";
      /** Without a query, and without a slash at its end. */
      containerUrl: string;
      /** The shared access signature, without the question mark. */
      sas: string;
    };
