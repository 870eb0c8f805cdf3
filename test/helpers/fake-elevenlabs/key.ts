/** The key that the fake takes unless told. */
export const FAKE_KEY = "sk_fake0000000000000000000000000000";
