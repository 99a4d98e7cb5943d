// Keeps the newest turn in view while it grows, as long as the reader has not scrolled away. The question stays
// visible: a long answer is read from its beginning.
const NEAR = 96;
const GAP = 24;

export function follow(scroller) {
  const jump = scroller.querySelector("[data-jump]");
  let pinned = true;

  const last = () => scroller.querySelector(".turn:last-child");
  const end = () => scroller.scrollHeight - scroller.clientHeight;
  const target = () => Math.max(0, Math.min(end(), (last()?.offsetTop ?? 0) - GAP));

  const toTarget = (behavior) => scroller.scrollTo({ top: target(), behavior });
  const onScroll = () => {
    pinned = scroller.scrollTop >= target() - NEAR;
    jump.hidden = end() - scroller.scrollTop < NEAR * 2;
  };
  const onJump = () => scroller.scrollTo({ top: end(), behavior: "smooth" });

  const growth = new ResizeObserver(() => {
    if (pinned && target() > scroller.scrollTop) toTarget("instant");
    onScroll();
  });
  growth.observe(scroller.querySelector(".turns"));
  growth.observe(scroller);
  scroller.addEventListener("scroll", onScroll, { passive: true });
  jump.addEventListener("click", onJump);
  toTarget("instant");

  return {
    toEnd() {
      pinned = true;
      toTarget("smooth");
    },
    dispose() {
      growth.disconnect();
      scroller.removeEventListener("scroll", onScroll);
      jump.removeEventListener("click", onJump);
    },
  };
}
