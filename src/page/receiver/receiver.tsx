export function Receiver() {
  return (
    <div class="wrap">
      <h1>Receiver</h1>
    </div>
  );
}
