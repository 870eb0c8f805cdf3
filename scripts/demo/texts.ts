/** Who speaks, and how: the voices are those of scripts/demo-calls.ts. */
export type VoiceName = "mia" | "ada" | "salma" | "jonas" | "walter" | "huda" | "machine";

/** What happens in a call, one after the other. A text may be marked up for the synthesiser: see `shownText`. */
export type Step =
  | { kind: "agent"; says: string; meant?: string }
  | { kind: "caller"; says: string }
  | {
      kind: "tool";
      name: string;
      type: "webhook" | "system";
      parameters: Record<string, unknown>;
      result: Record<string, unknown>;
      seconds: number;
      error?: { type: string; message: string };
    };

export type DemoCall = {
  /** Also the end of its id, and the name of its recording. */
  name: string;
  agent: keyof typeof agents;
  /** When it began, before the demo's start. */
  minutesAgo: number;
  direction: "inbound" | "outbound";
  number: string;
  language: string;
  callerVoice: VoiceName;
  successful: "success" | "failure" | "unknown";
  title: string;
  summary: string;
  termination: string;
  criteria: readonly { id: string; result: "success" | "failure" | "unknown"; rationale: string }[];
  collected: readonly {
    id: string;
    name: string;
    value: string | number | boolean | null;
    rationale: string;
  }[];
  feedback: "like" | "dislike" | null;
  steps: readonly Step[];
};

const DAY = 24 * 60;

/** The practices and shops are invented; the numbers are among those that Ofcom keeps for fiction. */
export const agents = {
  dental: { id: "agent_0000demo0riverside0dental", name: "Riverside Dental", number: "+441632960100" },
  bicycles: { id: "agent_0000demo0harbour0bicycles", name: "Harbour Bicycles", number: "+441632960200" },
} as const;

/** The voice that an agent has in a language. */
export function agentVoice(call: DemoCall): VoiceName {
  if (call.language === "ar") return "salma";
  return call.agent === "dental" ? "mia" : "ada";
}

/** A text as it is shown: Arabic is written without the vowels that a synthesiser needs. */
export function shownText(text: string): string {
  return text.replaceAll(/[\u064B-\u0652]/g, "");
}

/** A name for all that a call's recording is made of: another one means that scripts/demo-calls.ts has to run again. */
export function spokenHash(call: DemoCall): string {
  const spoken = call.steps.map((step) => (step.kind === "tool" ? step.seconds : [step.kind, step.says]));
  const material = JSON.stringify([agentVoice(call), call.callerVoice, spoken]);
  return new Bun.CryptoHasher("sha256").update(material).digest("hex").slice(0, 16);
}

const endCall = (reason: string): Step => ({
  kind: "tool",
  name: "end_call",
  type: "system",
  parameters: { reason },
  result: { status: "success", result_type: "end_call_success", reason },
  seconds: 0,
});

export const calls: readonly DemoCall[] = [
  {
    name: "filling",
    agent: "dental",
    minutesAgo: 38,
    direction: "inbound",
    number: "+441632960055",
    language: "en",
    callerVoice: "jonas",
    successful: "success",
    title: "Urgent appointment for a cracked filling",
    summary:
      "The caller reported pain from a cracked filling and asked for an appointment this week. The agent identified him and booked Wednesday at half past four. The calendar timed out once.",
    termination: "end_call tool was called.",
    criteria: [
      { id: "booked", result: "success", rationale: "An appointment was booked and confirmed." },
      { id: "identified", result: "success", rationale: "Name and date of birth matched a file." },
      { id: "no_medical_advice", result: "success", rationale: "No treatment was suggested." },
      {
        id: "did_not_interrupt",
        result: "failure",
        rationale: "The agent answered while the caller was still asking about payment.",
      },
      { id: "offered_cleaning", result: "unknown", rationale: "There was no occasion for it." },
    ],
    collected: [
      {
        id: "appointment",
        name: "Appointment",
        value: "Wednesday, 16:30",
        rationale: "The caller chose the second of two times.",
      },
      { id: "patient", name: "Patient", value: 8841, rationale: "Returned by find_patient." },
      { id: "urgency", name: "Urgency", value: "urgent", rationale: "The caller is in pain." },
      {
        id: "insurance_changed",
        name: "Insurance changed",
        value: true,
        rationale: "The caller changed it in summer.",
      },
      { id: "call_back_number", name: "Call-back number", value: null, rationale: "Not mentioned." },
    ],
    feedback: "like",
    steps: [
      {
        kind: "agent",
        says: "Riverside Dental, good morning. This is Mia, the assistant. How can I help?",
      },
      { kind: "caller", says: "Hi. A filling has cracked, and it hurts. Could I come in this week?" },
      {
        kind: "agent",
        says: "I'm sorry to hear that. Of course. May I have your name and your date of birth?",
      },
      { kind: "caller", says: "Jonas Feldmann, fourteenth of March, nineteen eighty-eight." },
      {
        kind: "tool",
        name: "find_patient",
        type: "webhook",
        parameters: { name: "Jonas Feldmann", born: "1988-03-14" },
        result: { patient: 8841 },
        seconds: 0.41,
      },
      {
        kind: "agent",
        says: "Thank you, Mister Feldmann. I found your file. One moment while I check the calendar.",
      },
      {
        kind: "tool",
        name: "find_free_slots",
        type: "webhook",
        parameters: { patient: 8841, minutes: 30 },
        result: {},
        seconds: 5.02,
        error: { type: "timeout", message: "deadline exceeded after 5s" },
      },
      { kind: "agent", says: "The calendar is a little slow today. I will try again." },
      {
        kind: "tool",
        name: "find_free_slots",
        type: "webhook",
        parameters: { patient: 8841, minutes: 30 },
        result: { slots: ["Tuesday 08:40", "Wednesday 16:30"] },
        seconds: 0.88,
      },
      {
        kind: "agent",
        says: "I can offer you Tuesday at eight forty in the morning, or Wednesday at half past four.",
      },
      { kind: "caller", says: "Wednesday works, but is there any chance that" },
      {
        kind: "agent",
        says: "Wednesday at half past four it is. Shall I also",
        meant: "Wednesday at half past four it is. Shall I also send you a text message with the time?",
      },
      {
        kind: "caller",
        says: "Sorry, I was going to ask if I need to pay up front. I changed my insurance in summer.",
      },
      {
        kind: "agent",
        says: "No, nothing is due up front. Please bring your new insurance card, and we will settle it directly with them.",
      },
      { kind: "caller", says: "Great, thank you." },
      {
        kind: "tool",
        name: "book_appointment",
        type: "webhook",
        parameters: { patient: 8841, slot: "Wednesday 16:30", urgent: true },
        result: { booked: true },
        seconds: 0.63,
      },
      { kind: "agent", says: "You are booked for Wednesday at half past four. Take care until then." },
      { kind: "caller", says: "Goodbye." },
      endCall("The caller said goodbye."),
    ],
  },
  {
    name: "bicycle",
    agent: "bicycles",
    minutesAgo: 3 * 60 + 12,
    direction: "inbound",
    number: "+441632960015",
    language: "en",
    callerVoice: "walter",
    successful: "success",
    title: "Bicycle repair pick-up",
    summary: "A customer asked about a repair and learned that it will be ready on Thursday at noon.",
    termination: "Client disconnected: 1000",
    criteria: [{ id: "answered", result: "success", rationale: "The customer learned the pick-up time." }],
    collected: [
      { id: "pick_up", name: "Pick-up", value: "Thursday, 12:00", rationale: "Named by the agent." },
      { id: "call_back", name: "Wants a call", value: true, rationale: "The customer said yes." },
    ],
    feedback: null,
    steps: [
      {
        kind: "agent",
        says: "Good morning, Harbour Bicycles, this is Ada. What can I do for you?",
      },
      { kind: "caller", says: "Hello, is my blue bicycle ready?" },
      {
        kind: "tool",
        name: "find_repair",
        type: "webhook",
        parameters: { colour: "blue", phone: "+441632960015" },
        result: { repair: 2207, ready: "Thursday 12:00" },
        seconds: 0.37,
      },
      { kind: "agent", says: "It will be ready on Thursday at noon. Shall we call you then?" },
      { kind: "caller", says: "Yes, please. Thank you, goodbye." },
    ],
  },
  {
    name: "refund",
    agent: "bicycles",
    minutesAgo: DAY + 5 * 60,
    direction: "inbound",
    number: "+441632960014",
    language: "en",
    callerVoice: "walter",
    successful: "failure",
    title: "Refund for a broken light, not settled",
    summary:
      "The customer wanted his money back for a light. Without an order number the agent could not start a refund, and nobody was free to take the call.",
    termination: "Client disconnected: 1000",
    criteria: [
      { id: "settled", result: "failure", rationale: "The customer hung up without a refund." },
      { id: "polite", result: "success", rationale: "Friendly wording throughout." },
    ],
    collected: [
      { id: "order_number", name: "Order number", value: null, rationale: "The receipt is lost." },
      { id: "product", name: "Product", value: "front light", rationale: "Named by the customer." },
    ],
    feedback: "dislike",
    steps: [
      { kind: "agent", says: "Harbour Bicycles, this is Ada. What can I do for you?" },
      {
        kind: "caller",
        says: "I bought a front light from you, and it stopped working after two weeks. I want my money back.",
      },
      { kind: "agent", says: "I'm sorry about that. Do you have the order number?" },
      { kind: "caller", says: "No. I threw the receipt away." },
      { kind: "agent", says: "Without the number I can't start a refund. I could offer you a repair." },
      { kind: "caller", says: "I don't want a repair. Let me speak to a person." },
      {
        kind: "tool",
        name: "transfer_to_number",
        type: "system",
        parameters: { reason: "The customer asked for a person." },
        result: { status: "error", result_type: "transfer_to_number_error", error: "no answer" },
        seconds: 2.4,
        error: { type: "no_answer", message: "The number did not answer." },
      },
      { kind: "agent", says: "I'm afraid that nobody is free right now. They are back at nine." },
      { kind: "caller", says: "That's not good enough." },
    ],
  },
  {
    name: "wrong-number",
    agent: "dental",
    minutesAgo: 2 * DAY + 90,
    direction: "inbound",
    number: "+441632960036",
    language: "en",
    callerVoice: "jonas",
    successful: "unknown",
    title: "Wrong number",
    summary: "The caller had dialled a wrong number and hung up.",
    termination: "Client disconnected: 1000",
    criteria: [{ id: "booked", result: "unknown", rationale: "The call was over at once." }],
    collected: [],
    feedback: null,
    steps: [
      { kind: "agent", says: "Riverside Dental, good afternoon. This is Mia, the assistant." },
      { kind: "caller", says: "Oh. Wrong number, sorry." },
    ],
  },
  {
    name: "voicemail",
    agent: "bicycles",
    minutesAgo: 3 * DAY + 200,
    direction: "outbound",
    number: "+441632960042",
    language: "en",
    callerVoice: "machine",
    successful: "success",
    title: "Message left on a voicemail",
    summary: "The customer's voicemail answered. The agent left a message that the bicycle is ready.",
    termination: "Voicemail detected.",
    criteria: [
      { id: "answered", result: "success", rationale: "The message names what is ready, and until when." },
    ],
    collected: [],
    feedback: null,
    steps: [
      {
        kind: "caller",
        says: "You have reached the voicemail of Clara White. Please leave a message after the tone.",
      },
      {
        kind: "tool",
        name: "voicemail_detection",
        type: "system",
        parameters: { reason: "A recorded greeting asked for a message." },
        result: {
          status: "success",
          result_type: "voicemail_detection_success",
          voicemail_message: "Hello, this is Ada of Harbour Bicycles. Your bicycle is ready.",
          reason: "A recorded greeting asked for a message.",
        },
        seconds: 0.6,
      },
      {
        kind: "agent",
        says: "Hello, this is Ada of Harbour Bicycles. Your bicycle is ready. We are open until six. Goodbye.",
      },
    ],
  },
  {
    name: "arabic",
    agent: "dental",
    minutesAgo: 5 * DAY + 400,
    direction: "inbound",
    number: "+441632960051",
    language: "ar",
    callerVoice: "huda",
    successful: "success",
    title: "موعد جديد للتنظيف",
    summary: "طلبت المتصلة موعدا لتنظيف الأسنان، وحجزت المساعدة لها يوم الأحد في الساعة العاشرة.",
    termination: "end_call tool was called.",
    criteria: [{ id: "booked", result: "success", rationale: "An appointment was booked and confirmed." }],
    collected: [
      {
        id: "appointment",
        name: "Appointment",
        value: "الأحد، الساعة العاشرة",
        rationale: "Accepted by the caller.",
      },
    ],
    feedback: null,
    steps: [
      { kind: "agent", says: "عِيَادَةُ النَّهْرِ، صَبَاحَ الخَيْرِ. كَيْفَ أُسَاعِدُكِ؟" },
      { kind: "caller", says: "صَبَاحَ النُّورِ. أُرِيدُ مَوْعِدًا لِتَنْظِيفِ الأَسْنَانِ." },
      {
        kind: "tool",
        name: "find_free_slots",
        type: "webhook",
        parameters: { minutes: 45 },
        result: { slots: ["Sunday 10:00"] },
        seconds: 0.52,
      },
      {
        kind: "agent",
        says: "يُوجَدُ مَوْعِدٌ يَوْمَ الأَحَدِ فِي السَّاعَةِ العَاشِرَةِ. هَلْ يُنَاسِبُكِ؟",
      },
      { kind: "caller", says: "نَعَمْ، هَذَا مُنَاسِبٌ جِدًّا." },
      {
        kind: "tool",
        name: "book_appointment",
        type: "webhook",
        parameters: { slot: "Sunday 10:00" },
        result: { booked: true },
        seconds: 0.71,
      },
      { kind: "agent", says: "تَمَّ الحَجْزُ. شُكْرًا لَكِ، مَعَ السَّلَامَةِ." },
      { kind: "caller", says: "شُكْرًا، مَعَ السَّلَامَةِ." },
      endCall("The caller said goodbye."),
    ],
  },
];

/** A call that never came about: the line was busy. */
export const busyCall = { agent: agents.bicycles, number: "+441632960077", minutesAgo: DAY + 30 };
