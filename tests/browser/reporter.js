// One line a test, what went wrong under those that failed, and the counts last.
export default class Reporter {
  passed = 0;
  failed = 0;

  printsToStdio() {
    return true;
  }

  onTestEnd(test, result) {
    const ok = result.status === "passed";
    if (ok) this.passed++;
    else this.failed++;
    console.log(
      `${ok ? "ok    " : "FAILED"} ${test.titlePath().slice(2).join(": ")} (${(result.duration / 1000).toFixed(1)} s)`,
    );
    for (const error of result.errors) this.onError(error, false);
  }

  onError(error, counts = true) {
    if (counts) this.failed++;
    console.log(error.stack ?? error.message ?? String(error.value));
    if (error.snippet) console.log(error.snippet);
  }

  onEnd() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
  }
}
