/**
 * Ends the start of this thread. The executable is built (`scripts/build`) so that code which only runs at the start is
 * interpreted: to compile it costs more time and memory than it saves. From here on code that runs often is compiled.
 */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}
