namespace Serverless.Tests;

public sealed class RecordsTests
{
    [Fact]
    public async Task Handles_the_others_when_one_fails_and_names_the_failures_in_order()
    {
        var handled = new System.Collections.Concurrent.ConcurrentBag<int>();

        var failures = await Records.HandleEachAsync(
            Enumerable.Range(0, 50).ToList(),
            number => $"record-{number}",
            async (number, time) =>
            {
                await Task.Delay(50 - number, time);
                if (number % 10 == 5)
                    throw new InvalidOperationException("secret");
                handled.Add(number);
            },
            new LocalContext("records"),
            atATime: 8);

        Assert.Equal(["record-5", "record-15", "record-25", "record-35", "record-45"], failures.Select(failure => failure.Id));
        Assert.Equal(45, handled.Distinct().Count());
        Assert.Equal(45, handled.Count);
    }

    [Fact]
    public async Task Reports_what_there_is_no_time_for()
    {
        var failures = await Records.HandleEachAsync(
            [1, 2, 3], number => $"{number}", (_, time) => Task.Delay(Timeout.Infinite, time), TimeSpan.FromSeconds(0.2), new LocalContext("records"), atATime: 2);

        Assert.Equal(["1", "2", "3"], failures.Select(failure => failure.Id));
        Assert.All(failures, failure => Assert.IsAssignableFrom<OperationCanceledException>(failure.Reason));
    }

    [Fact]
    public async Task Takes_an_event_without_records_for_an_empty_one() =>
        Assert.Empty(await Records.HandleEachAsync<string>(null, record => record, (_, _) => Task.CompletedTask, new LocalContext("records")));

    [Fact]
    public void Fails_the_invocation_with_the_first_reason()
    {
        IReadOnlyList<FailedRecord> failures = [new("a", new TimeoutException()), new("b", new InvalidOperationException())];

        var exception = Assert.Throws<RecordsFailedException>(() => failures.ThrowIfAny());

        Assert.Equal("2 failed, the first because of TimeoutException.", exception.Message);
        Array.Empty<FailedRecord>().ThrowIfAny();
    }
}
