import { Component, createElement } from "preact";
import type { ComponentChildren, FunctionComponent } from "preact";

/** A component that is drawn again only if one of its properties is another one. */
export function memo<Props extends object>(
  render: (props: Props) => ComponentChildren,
): FunctionComponent<Props> {
  class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const [before, after] = [Object.entries(this.props), Object.entries(next)];
      const old = new Map(before);
      return before.length !== after.length || after.some(([name, value]) => old.get(name) !== value);
    }

    override render() {
      return render(this.props);
    }
  }
  return (props) => createElement(Memo, props);
}
