import { NAME, paths } from "./paths.ts";

/** What differs from one machine's unit to another's. */
export type UnitOptions = {
  /** May listen on ports below 1024. */
  isPublic: boolean;
  /** Absolute paths, which root reads; null: no TLS by this program. */
  tls: { certFile: string; keyFile: string } | null;
};

/** Names of the credentials, which are files in $CREDENTIALS_DIRECTORY. */
const SECRET = "ELEVENLABS_WEBHOOK_SECRET";
const CERT = "TLS_CERT_FILE";
const KEY = "TLS_KEY_FILE";

const tlsFlags = ` --tls-cert-file \${CREDENTIALS_DIRECTORY}/${CERT} --tls-key-file \${CREDENTIALS_DIRECTORY}/${KEY}`;

const tlsCredentials = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => `
# Certificate and key, read by root at every start and reload: reload the service when they are renewed.
LoadCredential=${CERT}:${certFile}
LoadCredential=${KEY}:${keyFile}`;

const NO_CAPABILITIES = `# No capability at all, neither now nor later.
CapabilityBoundingSet=
AmbientCapabilities=
# A user namespace of its own: even its user's other rights end at this service.
PrivateUsers=yes`;

const LOW_PORTS = `# One capability: to listen on ports below 1024. It counts outside of a user namespace only, so there is none.
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_BIND_SERVICE`;

/** The text of the unit. Every directive says what it is for. */
export function unitText({ isPublic, tls }: UnitOptions): string {
  const credentials = [
    `${SECRET}:${paths.secret}`,
    `API_TOKEN:-${paths.apiToken}`,
    `FORWARD_CONFIG:-${paths.forward}`,
    `ELEVENLABS_API_KEY:-${paths.apiKey}`,
  ];
  if (tls !== null) credentials.push(`${CERT}:${tls.certFile}`, `${KEY}:${tls.keyFile}`);
  return `# Written by "${NAME} service install", which overwrites it: put changes of your own into
# "systemctl edit ${NAME}", and settings into ${paths.environment}.

[Unit]
Description=Receiver of ElevenLabs webhooks
Documentation=file:${paths.environment}
# Signatures are only good for some minutes: if something sets the clock at boot, it comes first.
After=network.target time-sync.target
# Never give up starting: recordings are sent once.
StartLimitIntervalSec=0

[Service]
# "Started" means that it listens; it says how it is in "systemctl status".
Type=notify
NotifyAccess=main
ExecStart=${paths.executable} serve${tls === null ? "" : tlsFlags}
# Reads settings, secret and certificates again and starts the program that is there now, which takes over; no
# request is lost. By root, who may read the secret. Fails if the new process does not start: the old one goes on.
ExecReload=+${paths.executable} reload --fresh-environment --credentials ${credentials.join(",")}
# The first start after an upgrade may copy a large database; so may a reload.
TimeoutStartSec=10min
# What is in flight is finished within 20 seconds.
TimeoutStopSec=30
# Only the process itself is asked to stop; what is left after the time-out is killed.
KillMode=mixed
# However it ends, it comes back; only not with a faulty configuration (78) or without its secret (243).
Restart=always
RestartSec=1
RestartPreventExitStatus=78 243
# A stop during a reload ends the reload's command, which is no failure of the service.
SuccessExitStatus=SIGTERM
# A process that hangs is restarted. A full or failing disk is no hang.
WatchdogSec=30

# Settings. Recordings are kept unless the file says otherwise: a version to go back to needs to be told.
Environment=ENABLE_AUDIO_STORAGE=true
EnvironmentFile=-${paths.environment}
# The secret, which root reads: neither the service's user nor "systemctl show" can see the file.
LoadCredential=${SECRET}:${paths.secret}
# Likewise the token of the API that reads what arrived. Without that file it is an empty list, and the API is off.
LoadCredential=API_TOKEN:${paths.apiToken}
SetCredential=API_TOKEN:,
# Likewise the key of ElevenLabs' API. Without that file it is empty, and nothing is asked there.
LoadCredential=ELEVENLABS_API_KEY:${paths.apiKey}
SetCredential=ELEVENLABS_API_KEY:\\n
# Likewise the addresses that events are sent on to. Without that file there are none.
LoadCredential=FORWARD_CONFIG:${paths.forward}
SetCredential=FORWARD_CONFIG:\\n${tls === null ? "" : tlsCredentials(tls)}
# The runtime obeys these, and would run other code.
UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN
# Its lines carry their priority; what has none comes from a crash.
SyslogLevel=err
# No line is dropped, however many there are: each one tells of a delivery.
LogRateLimitIntervalSec=0

# A user that exists while the service runs, and owns nothing else.
DynamicUser=yes
# The data: ${paths.privateState}, for that user alone.
StateDirectory=${NAME}
StateDirectoryMode=0700
UMask=0077
# Where a reload reaches it.
RuntimeDirectory=${NAME}
RuntimeDirectoryMode=0700
# Relative paths in the settings begin in the data's folder.
WorkingDirectory=%S/${NAME}

${isPublic ? LOW_PORTS : NO_CAPABILITIES}
# No way to more rights, by setuid files or otherwise.
NoNewPrivileges=yes
RestrictSUIDSGID=yes
# The whole file system is read-only, but for the data; homes, other users' temporary files and devices are not there.
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateMounts=yes
# Nothing of /var but the data.
TemporaryFileSystem=/var:ro
# Nothing may be run but this program with the C library. The folder, not the file: an upgrade replaces the file.
NoExecPaths=/
ExecPaths=/usr/local/bin /usr/lib -/usr/lib64 -/lib -/lib64
# Kernel settings, modules, log, clock, host name and control groups can't be changed.
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
# Other processes are not to be seen.
ProtectProc=invisible
ProcSubset=pid
# No shared memory and no keys in common with others.
PrivateIPC=yes
RemoveIPC=yes
KeyringMode=private
# No namespaces, no real-time scheduling, no other personality, no foreign system calls.
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
# The network, and the socket by which it speaks to systemd.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
# What services usually call, without what needs rights or changes limits; anything else fails with an error.
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# What reads for the API lets deliveries go first.
SystemCallFilter=setpriority
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute= is not set: the runtime compiles JavaScript while it runs.

# Many times what it needs (about 60 MB idle, 120 MB under load), so that a fault does not take the machine with it.
MemoryMax=512M
TasksMax=512
# A delivery takes up to three, and 1,024 may be on their way.
LimitNOFILE=65536
# A core dump would hold transcripts.
LimitCORE=0

[Install]
WantedBy=multi-user.target
`;
}

/** Reads back what a unit of ours was made with; null if it is none of ours. */
export function unitOptionsOf(text: string): UnitOptions | null {
  if (!text.startsWith(`# Written by "${NAME} service install"`)) return null;
  const credential = (name: string) => new RegExp(`^LoadCredential=${name}:(.+)$`, "m").exec(text)?.[1];
  const certFile = credential(CERT);
  const keyFile = credential(KEY);
  return {
    isPublic: /^AmbientCapabilities=CAP_NET_BIND_SERVICE$/m.test(text),
    tls: certFile === undefined || keyFile === undefined ? null : { certFile, keyFile },
  };
}
