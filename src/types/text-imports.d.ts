declare module "*.sql" {
  const text: string;
  export default text;
}

// Imported as a file: its path, also inside the executable.
declare module "*.gz" {
  const path: string;
  export default path;
}

declare module "*.mp3" {
  const path: string;
  export default path;
}
