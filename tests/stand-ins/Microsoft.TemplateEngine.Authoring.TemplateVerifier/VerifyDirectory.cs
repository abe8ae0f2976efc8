using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace Microsoft.TemplateEngine.Authoring.TemplateVerifier;

/// <summary>Verifies a template's output in place of its snapshot.</summary>
/// <param name="contentDirectory">Where the output lies.</param>
/// <param name="contentFetcher">Its files, by paths relative to that folder, after the scrubbers.</param>
public delegate Task VerifyDirectory(
    string contentDirectory, Lazy<IAsyncEnumerable<(string FilePath, string ScrubbedContent)>> contentFetcher);
