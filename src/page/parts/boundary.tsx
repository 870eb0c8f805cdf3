import { Component } from "preact";
import type { ComponentChildren } from "preact";
import { Empty } from "./parts.tsx";

type Props = {
  children: ComponentChildren;
  /** What is shown; null after a change of it. */ of: string;
  isSmall?: boolean;
};

/** Keeps a fault in one part from taking the whole page with it. */
export class Boundary extends Component<Props, { failed: string | null }> {
  override state = { failed: null };

  override componentDidCatch(error: unknown): void {
    this.setState({ failed: error instanceof Error ? error.message : String(error) });
  }

  override componentDidUpdate(before: Props): void {
    if (before.of !== this.props.of && this.state.failed !== null) this.setState({ failed: null });
  }

  override render() {
    if (this.state.failed === null) return this.props.children;
    if (this.props.isSmall === true) return <p class="card fine">This part can't be shown.</p>;
    return (
      <Empty icon="alert" title="This can't be shown">
        <p>Something in it is not as expected. The stored event is complete: read it over the API.</p>
        <p class="fine mono">{this.state.failed}</p>
        <button class="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </Empty>
    );
  }
}
