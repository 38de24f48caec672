using Steering.Compute;
using Steering.Engine.Interventions;
using Steering.Engine.Running;

namespace Steering.Engine.Models;

/// <summary>Does at a site what a step asks for there: copies rows out, edits them, copies them out again.</summary>
internal sealed class SiteVisitor(IKernels kernels, SiteTable sites)
{
    /// <summary>Rows must have zero padding, so no slice of something wider.</summary>
    public void Visit(Batch batch, SitePoint point, int block, TensorView rows)
    {
        int site = sites.IndexOf(new Site(point, block));
        if (batch.CopiesBefore(site).Count > 0) kernels.CopyRows(rows, batch.CopiesBefore(site));
        if (batch.Edits(site).Count > 0) kernels.Intervene(rows, batch.Edits(site));
        if (batch.CopiesAfter(site).Count > 0) kernels.CopyRows(rows, batch.CopiesAfter(site));
    }

    /// <summary>Whether a step asks for anything there: a kernel may fuse over the site otherwise.</summary>
    public bool IsTouched(Batch batch, SitePoint point, int block) => batch.Touches(sites.IndexOf(new Site(point, block)));
}
