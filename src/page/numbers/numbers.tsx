export function Numbers() {
  return (
    <div class="wrap">
      <h1>Numbers</h1>
    </div>
  );
}
