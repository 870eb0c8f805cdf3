import { define } from "./option.ts";
import { databaseUrl, showDatabase, showWhetherSet } from "./places.ts";
import { anyText, path } from "./values.ts";

/** The settings of data that several receivers share. */
export const sharedOptions = {
  databaseUrl: define({
    name: "DATABASE_URL",
    default: "",
    isSecret: true,
    hasNoFlag: true,
    isOfShared: true,
    description:
      "postgres://user:password@host/database in place of the SQLite file, for several receivers or none with a disk",
    parse: databaseUrl,
    show: showDatabase,
  }),
  awsKeyId: define({
    name: "AWS_ACCESS_KEY_ID",
    default: "",
    isSecret: true,
    hasNoFlag: true,
    isOfShared: true,
    description: "for s3://: the key that may read, write, delete and list there",
    parse: anyText,
    show: showWhetherSet,
  }),
  awsSecret: define({
    name: "AWS_SECRET_ACCESS_KEY",
    default: "",
    isSecret: true,
    hasNoFlag: true,
    isOfShared: true,
    description: "the secret of that key",
    parse: anyText,
    show: showWhetherSet,
  }),
  awsToken: define({
    name: "AWS_SESSION_TOKEN",
    default: "",
    isSecret: true,
    hasNoFlag: true,
    isOfShared: true,
    description: "the token of that key if it is a temporary one",
    parse: anyText,
    show: showWhetherSet,
  }),
  awsRegion: define({
    name: "AWS_REGION",
    default: "us-east-1",
    isOfShared: true,
    description: "for s3://: the region of the bucket",
    parse: anyText,
  }),
  awsEndpoint: define({
    name: "AWS_ENDPOINT",
    default: "",
    isOfShared: true,
    description: "for s3:// elsewhere than at Amazon: the address of the server",
    parse: anyText,
    show: (value) => (value === "" ? "off" : value),
  }),
  spoolFolder: define({
    name: "SPOOL_PATH",
    default: "data/spool",
    stateName: "spool",
    isOfShared: true,
    description:
      "with DATABASE_URL: a folder for deliveries on their way, which may be lost with the machine",
    parse: path,
  }),
};
