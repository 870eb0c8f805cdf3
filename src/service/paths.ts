/** The name of the unit, of its folders and of the executable. */
export const NAME = "elevenlabs-webhook";

/** Where everything of the service is. */
export const paths = {
  executable: `/usr/local/bin/${NAME}`,
  environment: `/etc/${NAME}/environment`,
  secret: `/etc/${NAME}/secret`,
  /** Of the reading API; not there if it is off. */
  apiToken: `/etc/${NAME}/api-token`,
  /** The addresses that events are sent on to, with their secrets; not there if there are none. */
  forward: `/etc/${NAME}/forward.json`,
  /** The service's own key of ElevenLabs' API; not there if it is not used. */
  apiKey: `/etc/${NAME}/api-key`,
  /** What `connect` remembers: ids and nonces, no secret. */
  connection: `/etc/${NAME}/connection.json`,
  unit: `/etc/systemd/system/${NAME}.service`,
  /** Of the Debian package. */
  packagedUnit: `/usr/lib/systemd/system/${NAME}.service`,
  sysctl: `/etc/sysctl.d/60-${NAME}.conf`,
  /** With the control socket of a running service. */
  runtime: `/run/${NAME}`,
  /** What the service itself sees; with DynamicUser= a link to the next. */
  state: `/var/lib/${NAME}`,
  privateState: `/var/lib/private/${NAME}`,
} as const;
