// Each server has an engine thread and compute threads; side by side they would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
