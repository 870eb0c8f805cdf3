/** What a `call_initiation_failure` says. Each is null where the event does not have it in the form expected. */
export type CallFailureFacts = {
  reason: string | null;
  provider: string | null;
  providerCode: string | null;
  fromNumber: string | null;
  toNumber: string | null;
  /** Unix seconds. */
  occurredAt: number | null;
  /** The `metadata` member as JSON. */
  metadata: string | null;
};
