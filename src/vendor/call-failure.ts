import type { CallFailureFacts } from "../model/call-failure.ts";
import type { Event } from "./event.ts";
import { textAt } from "./json-value.ts";
import type { CallFailure, ProviderReport } from "./models/call-failure.ts";
import { reading } from "./reading.ts";

const ofFailure = reading<CallFailure>();
const ofReport = reading<ProviderReport>();

/** What a `call_initiation_failure` says, from Twilio's or the SIP trunk's own report. */
export function failureOf({ data, eventTimestamp }: Event): CallFailureFacts {
  const metadata = ofFailure.value(data, "metadata");
  const report = ofFailure.value(data, "metadata", "body");
  return {
    reason: ofFailure.text(data, "failure_reason"),
    provider: ofFailure.text(data, "metadata", "type"),
    providerCode:
      scalarOf(ofReport.value(report, "sip_status_code")) ??
      scalarOf(ofReport.value(report, "SipResponseCode")) ??
      ofReport.text(report, "CallStatus"),
    fromNumber: scalarOf(ofReport.value(report, "from_number")) ?? ofReport.text(report, "From"),
    toNumber: scalarOf(ofReport.value(report, "to_number")) ?? ofReport.text(report, "To"),
    occurredAt: ofReport.seconds(report, "Timestamp") ?? eventTimestamp,
    metadata: metadata === null ? null : JSON.stringify(metadata),
  };
}

/** The vendor's table says number where its sample shows a string, and the other way round. */
function scalarOf(found: unknown): string | null {
  return typeof found === "number" ? String(found) : textAt(found);
}
