using System.Buffers;
using System.Text;
using Xunit;

namespace sls_venture.LogForwarder.Tests;

public sealed class BatchTests
{
    [Fact]
    public void Is_full_when_the_next_byte_would_be_too_many()
    {
        using var batch = new Batch(new BatchLimits(Bytes: 10, Entries: 100, EntryBytes: 10));

        Add(batch, "12345");
        Add(batch, "67é9"); // five bytes, four characters
        Assert.False(batch.IsFull);
        Add(batch, "x");

        Assert.True(batch.IsFull);
        Assert.Equal(2, batch.Count);
        Assert.Equal("1234567é9", Body(batch));
        batch.Clear();
        Assert.Equal(1, batch.Count);
        Assert.Equal("x", Body(batch));
    }

    [Fact]
    public void Is_full_when_the_next_entry_would_be_too_many()
    {
        using var batch = new Batch(new BatchLimits(Bytes: 1_000, Entries: 2, EntryBytes: 10));

        Add(batch, "a");
        Add(batch, "b");
        Assert.False(batch.IsFull);
        Add(batch, "c");

        Assert.True(batch.IsFull);
        Assert.Equal("ab", Body(batch));
        batch.Clear();
        Add(batch, "d");
        Assert.Equal("cd", Body(batch));
    }

    [Fact]
    public void Keeps_several_entries_that_do_not_fit_for_the_batches_after()
    {
        using var batch = new Batch(new BatchLimits(Bytes: 5, Entries: 100, EntryBytes: 5));

        Add(batch, "1234");
        Add(batch, "56");
        Add(batch, "789");
        Assert.True(batch.IsFull);
        Assert.Equal("1234", Body(batch));
        batch.Clear();
        Assert.False(batch.IsFull);
        Assert.Equal("56789", Body(batch));
        batch.Clear();
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public void Gives_the_body_of_some_of_its_entries()
    {
        using var batch = new Batch(new BatchLimits(1_000_000, 1_000, 1_000_000));
        foreach (var n in Enumerable.Range(0, 100))
            Add(batch, new string((char)('a' + n % 26), 5_000));

        Assert.Equal(new string('b', 5_000) + new string('c', 5_000), Encoding.UTF8.GetString(batch.Body(1, 2).Span));
        Assert.Equal(0, batch.Body(0, 0).Length);
    }

    [Fact]
    public void Takes_an_entry_back()
    {
        using var batch = new Batch(new BatchLimits(100, 10, 100));
        Add(batch, "a");
        batch.Write("never mind"u8);
        Assert.Equal(10, batch.EntryLength);
        batch.DropEntry();
        Add(batch, "b");

        Assert.Equal("ab", Body(batch));
    }

    private static void Add(Batch batch, string entry)
    {
        batch.Write(Encoding.UTF8.GetBytes(entry));
        batch.EndEntry(0);
    }

    private static string Body(Batch batch) => Encoding.UTF8.GetString(batch.Body(0, batch.Count).Span);
}
