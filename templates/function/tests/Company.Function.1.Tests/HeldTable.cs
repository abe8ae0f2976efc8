using Microsoft.AspNetCore.Http;

namespace Company.Function._1.Tests;

/// <summary>A table on loopback that answers when it is told to, and that is empty.</summary>
public sealed class HeldTable : IAsyncDisposable
{
    private readonly TaskCompletionSource asked = new();
    private readonly TaskCompletionSource goOn = new();
    private Loopback loopback = null!;

    private HeldTable()
    {
    }

    /// <summary>The settings under which a program uses it.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["TRADE_ITEMS_TABLE"] = "tradeItems",
        ["AWS_ENDPOINT_URL_DYNAMODB"] = loopback.Address.ToString(),
    };

    public static async Task<HeldTable> StartAsync()
    {
        var table = new HeldTable();
        table.loopback = await Loopback.StartAsync(table.HandleAsync);
        return table;
    }

    /// <summary>Waits until it is asked.</summary>
    public Task AskedAsync() => asked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    /// <summary>Lets it answer, from now on at once.</summary>
    public void Answer() => goOn.TrySetResult();

    public ValueTask DisposeAsync() => loopback.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        asked.TrySetResult();
        await goOn.Task;
        http.Response.ContentType = "application/x-amz-json-1.0";
        await http.Response.Body.WriteAsync("{}"u8.ToArray());
    }
}
