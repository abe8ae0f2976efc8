using Xunit.Sdk;

namespace Serverless.Templates.Tests;

/// <summary>What is wrong with something, a sentence each.</summary>
public static class Faults
{
    /// <summary>Fails the test with every sentence, not with the first few.</summary>
    public static void None(IEnumerable<string> faults)
    {
        var found = faults.ToList();
        if (found.Count > 0)
            throw new XunitException(string.Join(Environment.NewLine, found));
    }
}
