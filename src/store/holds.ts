/**
 * Keeps conversations from being erased by age while an event of theirs is on its way from a proven body to its row: its
 * recording may have its name already. A DELETE does not wait for it: the event is dropped then.
 */
export function createHolds() {
  const counts = new Map<string, number>();

  return {
    isHeld: (conversationId: string): boolean => counts.has(conversationId),

    /** @returns ends it */
    hold(conversationId: string | null): () => void {
      if (conversationId === null) return () => {};
      counts.set(conversationId, (counts.get(conversationId) ?? 0) + 1);
      return () => {
        const left = (counts.get(conversationId) ?? 1) - 1;
        if (left === 0) counts.delete(conversationId);
        else counts.set(conversationId, left);
      };
    },
  };
}
