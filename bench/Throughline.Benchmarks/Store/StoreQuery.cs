namespace Throughline.Benchmarks;

/// <summary>
/// A question to both stores: our address, ClickHouse's statement, and what tells whether the answers agree. The statement is what a user of the exporter's tables
/// would run for the same list or figures; where ours does more (whole traces with summaries, counts beside names), theirs is left at less.
/// </summary>
/// <param name="GoalMilliseconds">The figure to reach, or null for a row that has none.</param>
/// <param name="CheckAsync">Gets our answer; answers what differs, or null when nothing does. Not measured.</param>
internal sealed record StoreQuery(string Name, double? GoalMilliseconds, string Path, string Sql, Func<string, AnswerChecks, Task<string?>> CheckAsync);
